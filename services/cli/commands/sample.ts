import { once } from 'node:events';
import { PipelineError } from '../../core/error.ts';
import type { Work } from '../program.ts';
import { serveSample } from '../sample/sample.ts';

const PORT_MAX = 65_535;

/** `argosy sample`: serves the generated sample of a pipeline until it is stopped. */
export const sample: Work = async (session, { args, flags }) => {
  const { host = '127.0.0.1' } = flags;
  const port = checkedPort(flags.port ?? '8080');
  const served = await serveSample(
    args[0],
    { host, port, isPortPreferred: false },
    session.io.clock,
  ).catch((error: unknown) => {
    throw notServed(error, `${host}:${port}`);
  });
  try {
    const parameters = Object.entries(served.parameters);
    const given = parameters.map(([name, value]) => `-p ${name}=${value}`).join(' ');
    session.io.stderr.write(`serving the sample of ${args[0]}; Ctrl-C ends it\n`);
    session.io.stdout.write(`${given}\n`);
    if (!session.signal.aborted) await once(session.signal, 'abort');
    return 0;
  } finally {
    await served.close();
  }
};

function checkedPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= PORT_MAX) return port;
  throw new PipelineError('config-invalid', `--port ${text}: not a port`, {
    hint: `a number from 0 to ${PORT_MAX}; 0 takes any that is free`,
  });
}

function notServed(error: unknown, address: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string' || error instanceof PipelineError) return error;
  return new PipelineError('config-invalid', `${address} cannot be listened at (${code})`, {
    hint: 'give another --port, or an address of this machine as --host',
    cause: error,
  });
}
