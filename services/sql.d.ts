/** SQL files are imported as text: by esbuild's text loader in the bundle, by a plugin of the test runner in tests. */
declare module '*.sql' {
  const text: string;
  export default text;
}
