import { PipelineError } from '../../core/error.ts';
import type { RunIdentity, StepPorts } from '../../ports/step.ts';
import type { Warehouse, WarehouseTransaction } from '../../ports/warehouse.ts';
import { migrate } from '../../stages/serve/migrate.ts';
import { closeKilled } from './killed-audit.ts';
import { FINANCE_SCHEMA } from './load/migrations.ts';

/** What every row of the audit log is named after (requirements 4.8). */
export const AUDIT_PIPELINE = 'financial_etl_pipeline';

type AuditPorts = Pick<StepPorts, 'warehouse' | 'clock' | 'log' | 'signal'>;

/** Rows of transactions, as the audit log counts them: extracted = rejected + loaded + held. */
export interface AuditCounts {
  extracted: number;
  transformed: number;
  loaded: number;
  rejected: number;
}

/** What is added to the audit row of a run that is under way. */
export interface AuditNote {
  counts?: Partial<AuditCounts>;
  /** Joined to what the row's quality report holds already; a name that is there is replaced. */
  report?: Readonly<Record<string, unknown>>;
}

/** How a run ended. */
export interface AuditEnd extends AuditNote {
  status: 'success' | 'failed';
  /** ISO moments. */
  startedAt: string;
  endedAt: string;
  error: string | null;
}

/**
 * Opens the run's row in `etl_audit_log` as `running`; an attempt that comes again finds it. That it cannot be written
 * is told in the log and never stops the run (requirements 4.8). Rows of runs that were killed are closed.
 */
export async function openAudit(
  ports: AuditPorts & Pick<StepPorts, 'records'>,
  run: RunIdentity,
): Promise<void> {
  const startedAt = ports.clock.now().toISOString();
  await unlessItFails(ports, 'open', async (warehouse) => {
    await warehouse.transaction((tx) => openRow(tx, run, startedAt), { signal: ports.signal });
    await closeKilled(ports, warehouse, run);
  });
}

/** Adds counts and reports to the run's row; a failure is told in the log. */
export async function noteAudit(
  ports: AuditPorts,
  run: RunIdentity,
  note: AuditNote,
): Promise<void> {
  await unlessItFails(ports, 'note', async (warehouse) => {
    await warehouse.transaction((tx) => noteRow(tx, ports, { run, note }), {
      signal: ports.signal,
    });
  });
}

/**
 * The same inside a transaction that must not end because of it: where the row cannot be written, the transaction goes
 * on as it was before.
 */
export async function noteAuditWithin(
  tx: WarehouseTransaction,
  ports: Pick<StepPorts, 'clock' | 'log'>,
  noted: Noted,
): Promise<void> {
  await tx.run('SAVEPOINT audit_note');
  try {
    await noteRow(tx, ports, noted);
    await tx.run('RELEASE SAVEPOINT audit_note');
  } catch (error) {
    if (!isAboutTheRow(error)) throw error;
    await tx.run('ROLLBACK TO SAVEPOINT audit_note');
    warn(ports, 'note', error);
  }
}

/** Closes the run's row as `success` or `failed`; one that was never opened is written whole. */
export async function closeAudit(
  ports: AuditPorts,
  run: RunIdentity,
  end: AuditEnd,
): Promise<void> {
  await unlessItFails(ports, 'close', async (warehouse) => {
    await warehouse.transaction(
      async (tx) => {
        await openRow(tx, run, end.startedAt);
        await noteRow(tx, ports, { run, note: end });
        await tx.run(
          `UPDATE etl_audit_log SET status = $1, end_time = $2, error_message = $3 ${OF_RUN(4)}`,
          [end.status, timestamp(end.endedAt), plainText(end.error), ...namesOf(run)],
        );
      },
      { signal: ports.signal },
    );
  });
}

const OF_RUN = (at: number): string =>
  `WHERE run_id = (SELECT audit_id FROM argosy.audit_run WHERE pipeline = $${at} AND run = $${at + 1})`;

function namesOf(run: RunIdentity): [pipeline: string, run: string] {
  return [run.pipeline, run.runId];
}

/** A run that is taken up again under its id, as by `argo retry`, goes on in its row. */
async function openRow(
  tx: WarehouseTransaction,
  run: RunIdentity,
  startedAt: string,
): Promise<void> {
  const known = await tx.query(
    'SELECT audit_id FROM argosy.audit_run WHERE pipeline = $1 AND run = $2',
    namesOf(run),
  );
  if (known.rows.length > 0) {
    await tx.run(
      `UPDATE etl_audit_log SET status = 'running', end_time = NULL, error_message = NULL ${OF_RUN(1)}`,
      namesOf(run),
    );
    return;
  }
  const { rows } = await tx.query(
    `INSERT INTO etl_audit_log (pipeline_name, start_time, status) VALUES ($1, $2, 'running')
     RETURNING run_id`,
    [AUDIT_PIPELINE, timestamp(startedAt)],
  );
  await tx.run('INSERT INTO argosy.audit_run (pipeline, run, audit_id) VALUES ($1, $2, $3)', [
    ...namesOf(run),
    Number(rows[0]?.[0]),
  ]);
}

interface Noted {
  run: RunIdentity;
  note: AuditNote;
}

/** A run whose row could not be opened gets it now. */
async function noteRow(
  tx: WarehouseTransaction,
  { clock }: Pick<StepPorts, 'clock'>,
  noted: Noted,
): Promise<void> {
  if ((await updateRow(tx, noted)) > 0) return;
  await openRow(tx, noted.run, clock.now().toISOString());
  await updateRow(tx, noted);
}

function updateRow(tx: WarehouseTransaction, { run, note }: Noted): Promise<number> {
  const { counts = {}, report = {} } = note;
  const { extracted = null, transformed = null, loaded = null, rejected = null } = counts;
  return tx.run(
    `UPDATE etl_audit_log SET
       records_extracted = coalesce($1::integer, records_extracted),
       records_transformed = coalesce($2::integer, records_transformed),
       records_loaded = coalesce($3::integer, records_loaded),
       records_rejected = coalesce($4::integer, records_rejected),
       quality_report = coalesce(quality_report, '{}'::jsonb) || $5::jsonb ${OF_RUN(6)}`,
    [extracted, transformed, loaded, rejected, JSON.stringify(report), ...namesOf(run)],
  );
}

/** PostgreSQL keeps no NUL in a text, and an error may quote what a source has sent. */
function plainText(text: string | null): string | null {
  return text?.replaceAll('\0', '') ?? null;
}

/** A TIMESTAMP has no zone; ours are UTC. */
function timestamp(iso: string): string {
  return iso.slice(0, 23).replace('T', ' ');
}

type Deed = 'open' | 'note' | 'close';

async function unlessItFails(
  ports: AuditPorts,
  deed: Deed,
  work: (warehouse: Warehouse) => Promise<void>,
): Promise<void> {
  try {
    const warehouse = await ports.warehouse();
    await migrate(warehouse, FINANCE_SCHEMA, { signal: ports.signal });
    await work(warehouse);
  } catch (error) {
    if (!(error instanceof PipelineError) || error.kind === 'interrupted') throw error;
    warn(ports, deed, error);
  }
}

/** Anything else, such as a lost connection, has ended the transaction too. */
function isAboutTheRow(error: unknown): error is PipelineError {
  const kinds = ['bug', 'denied', 'input-invalid'];
  return error instanceof PipelineError && kinds.includes(error.kind);
}

function warn({ log }: Pick<StepPorts, 'log'>, deed: Deed, error: PipelineError): void {
  log.warn('audit.failed', { deed, kind: error.kind, reason: error.message });
}
