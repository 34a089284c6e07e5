import type { QualityReport } from '../../../core/rule.ts';
import { asQualityReport, readJson } from '../../../stages/observe/report.ts';
import type { ServePorts } from '../../../stages/serve/localise.ts';
import { gateKey } from '../gate/gate.ts';

/** What the gate of a day saw; nothing when it was not reached. */
export async function readGate(
  ports: ServePorts,
  logicalDate: string,
): Promise<readonly QualityReport[]> {
  const found = await readJson(ports, gateKey(logicalDate));
  const reports: unknown = found?.['reports'];
  if (!Array.isArray(reports)) return [];
  return reports.map((one: unknown) => asQualityReport(one)).filter((one) => one !== null);
}
