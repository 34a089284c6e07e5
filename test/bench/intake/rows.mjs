const DEPARTMENTS = ['Engineering', 'Marketing', 'Sales', 'Finance'];
const CITIES = ['Berlin', 'Paris', 'Austin', 'Lagos'];

/** A CSV of so many rows with the columns of requirements 5.8; the same bytes for the same seed. */
export function rowsOf(count, seed = 1) {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const pick = (all) => all[Math.floor(random() * all.length)];
  const lines = ['name,age,salary,join_date,department,city,employee_id'];
  for (let row = 0; row < count; row += 1) {
    const day = `20${10 + Math.floor(random() * 15)}-0${1 + Math.floor(random() * 9)}-1${Math.floor(random() * 9)}`;
    const salary = random() < 0.02 ? '' : (30_000 + random() * 60_000).toFixed(2);
    const age = random() < 0.01 ? 'invalid' : 20 + Math.floor(random() * 45);
    lines.push(
      `Person ${row},${age},${salary},${day},${pick(DEPARTMENTS)},${pick(CITIES)},E${row}`,
    );
  }
  return `${lines.join('\n')}\n`;
}
