import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { nodesOf } from '../../services/adapters/workflow-engine/argo-nodes.ts';
import { podName } from '../../services/adapters/workflow-engine/argo-pod.ts';
import { emptyTree, takeEvent, treeLines } from '../../services/cli/view/view-tree.ts';
import type { NodeEvent } from '../../services/ports/workflow-engine.ts';
import type { ObservedNode } from '../../services/runner/observed.ts';
import { following, workflowBench } from '../support/workflow-bench.ts';
import { type NodeWish, nodesById, workflowObject } from '../support/workflow-object.ts';

const NAME = 'WORKFLOW';
const FOLDERS = ['../runner/cases/', '../../../shared/argo/cases/']
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .filter((path) => existsSync(path));

interface Recording {
  name: string;
  nodes: ObservedNode[];
  phase: string;
}

/** The recorded runs that have nodes, as Argo's controller has made them. */
function recordings(): Recording[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.observed.json'))
      .map((file) => {
        const read = JSON.parse(readFileSync(`${folder}${file}`, 'utf8')) as {
          nodes?: ObservedNode[];
          workflow?: { phase: string };
        };
        const name = file.replace('.observed.json', '');
        return { name, nodes: read.nodes ?? [], phase: read.workflow?.phase ?? '' };
      }),
  ).filter(({ nodes, phase }) => nodes.length > 1 && /Succeeded|Failed|Error/.test(phase));
}

function wishOf(node: ObservedNode): NodeWish {
  const { name, displayName, type, phase, message, boundary, outputs } = node;
  return {
    name,
    displayName,
    type,
    phase,
    ...(message === undefined ? {} : { message }),
    ...(boundary === undefined ? {} : { boundary }),
    ...(outputs?.exitCode === undefined ? {} : { exitCode: outputs.exitCode }),
  };
}

/** The states of a run as it grows: each node is made, runs and ends, those above it before it. */
function states({ nodes, phase }: Recording) {
  const wishes = nodes.map(wishOf).toSorted((a, b) => a.name.length - b.name.length);
  const growing = wishes.map((_, at) =>
    workflowObject({
      name: NAME,
      phase: 'Running',
      nodes: wishes.slice(0, at + 1).map((wish, index) => (index < at ? wish : running(wish))),
    }),
  );
  return [...growing, workflowObject({ name: NAME, phase, nodes: wishes })];
}

function running(wish: NodeWish): NodeWish {
  const { message: _message, exitCode: _exitCode, ...rest } = wish;
  return { ...rest, phase: 'Running' };
}

function drawn(events: readonly NodeEvent[]): string[] {
  const tree = emptyTree();
  for (const event of events) takeEvent(tree, event);
  return treeLines(tree).map(
    ({ depth, label, phase, message }) => `${' '.repeat(depth)}${label} ${phase} ${message}`,
  );
}

describe('the nodes of a run', () => {
  const all = recordings();

  it('are replayed from recordings of a real controller', () => {
    expect(all.length).toBeGreaterThan(20);
  });

  it.each(all.map((one) => [one.name, one] as const))(
    'end as recorded: %s',
    async (_name, recording) => {
      await using bench = await workflowBench();
      const { server, cluster } = bench;
      const sequence = states(recording);
      server.put('workflows', sequence[0] as never);
      // All later states come through one watch, as fast as they can.
      server.next('watch', 'workflows', (_request, response) => {
        const uid = server.get('workflows', NAME)?.metadata.uid ?? '';
        response.writeHead(200);
        sequence.slice(1).forEach((object, at) => {
          const metadata = { name: NAME, uid, resourceVersion: String(2000 + at) };
          response.write(
            `${JSON.stringify({ type: 'MODIFIED', object: { ...object, metadata } })}\n`,
          );
        });
        response.end();
      });
      const run = following(cluster, NAME);
      expect(await run.end).toMatchObject({ phase: recording.phase });
      const last = new Map(run.events.map((event) => [event.name, event]));
      const shown = recording.nodes.map(({ name }) => last.get(name));
      expect(
        shown.map((event) => [
          event?.phase,
          event?.message,
          event?.displayName,
          event?.exitCode?.toString(),
        ]),
      ).toEqual(
        recording.nodes.map(({ phase, message, displayName, outputs }) => [
          phase,
          message,
          displayName,
          outputs?.exitCode,
        ]),
      );
      const before = (at: number) => new Set(run.events.slice(0, at).map((event) => event.name));
      const orphans = run.events.filter(
        ({ parentName }, at) => parentName !== undefined && !before(at).has(parentName),
      );
      expect(orphans).toEqual([]);
      const atOnce = nodesOf(sequence.at(-1)).map(({ event }) => event);
      expect(drawn(run.events).toSorted()).toEqual(drawn(atOnce).toSorted());
    },
  );
});

const NODES = nodesById(NAME, [
  { name: NAME, type: 'DAG', phase: 'Running' },
  { name: `${NAME}.a`, boundary: NAME, phase: 'Running' },
]);

function withStatus(status: Record<string, unknown>): unknown {
  return { metadata: { name: NAME }, status };
}

describe('nodes that are not in plain sight', () => {
  const json = Buffer.from(JSON.stringify(NODES));

  it.each([
    ['gzip', gzipSync(json)],
    ['Brotli', brotliCompressSync(json)],
  ])('are read when they are compressed by %s', (_name, bytes) => {
    const nodes = nodesOf(withStatus({ compressedNodes: bytes.toString('base64') }));
    expect(nodes.map(({ name }) => name)).toEqual([NAME, `${NAME}.a`]);
  });

  it('are read when they are compressed by zstd, or the Node that can is named', () => {
    // A frame with one raw block: RFC 8878, 3.1.1.
    const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0, 0, 0, 0]);
    head.writeUInt32LE(json.length, 5);
    head.writeUIntLE((json.length << 3) | 1, 9, 3);
    const compressedNodes = Buffer.concat([head, json]).toString('base64');
    const read = (): unknown => {
      try {
        return nodesOf(withStatus({ compressedNodes })).map(({ name }) => name);
      } catch (error) {
        return (error as { hint: string }).hint;
      }
    };
    const canUnpack = 'zstdDecompressSync' in zlib;
    expect(read()).toEqual(canUnpack ? [NAME, `${NAME}.a`] : 'use Node 22.15 or newer');
  });

  it('are named as what they are when they are broken, or kept in a database', () => {
    const broken = withStatus({
      compressedNodes: gzipSync(json).subarray(0, 40).toString('base64'),
    });
    expect(() => nodesOf(broken)).toThrow(expect.objectContaining({ kind: 'input-invalid' }));
    expect(() => nodesOf(withStatus({ compressedNodes: 'AA==' }))).toThrow(
      expect.objectContaining({ kind: 'input-invalid' }),
    );
    expect(() => nodesOf(withStatus({ offloadNodeStatusVersion: 'fnv:1' }))).toThrow(
      expect.objectContaining({
        kind: 'unsupported',
        hint: 'follow it through the Argo server, which reads them: argo watch WORKFLOW',
      }),
    );
  });

  it('are told behind the node that they belong to, whatever their times say', () => {
    const nodes = nodesById(NAME, [
      { name: `${NAME}.b`, boundary: `${NAME}.a`, startedAt: '2026-11-21T11:00:00Z' },
      { name: `${NAME}.a`, boundary: NAME, startedAt: '2026-11-21T12:00:00Z' },
      { name: NAME, type: 'DAG', startedAt: '2026-11-21T13:00:00Z' },
    ]);
    const names = nodesOf(withStatus({ nodes })).map(({ name }) => name);
    expect(names).toEqual([NAME, `${NAME}.a`, `${NAME}.b`]);
  });

  it('are left for later while the node that they belong to is not told', () => {
    const [root = '', child = ''] = Object.keys(NODES);
    const late = withStatus({ nodes: { [child]: NODES[child] } });
    expect(nodesOf(late)).toEqual([]);
    const both = withStatus({ nodes: { [child]: NODES[child], [root]: NODES[root] } });
    expect(nodesOf(both).map(({ name }) => name)).toEqual([NAME, `${NAME}.a`]);
  });
});

describe('the name of a pod', () => {
  it('is the one that a real controller gave', () => {
    const of = (runName: string, node: string, templateName: string) =>
      podName({ runName, nodeName: `${runName}.${node}`, templateName });
    expect(of('retry1', 'fetch(0)', 'fetch')).toBe('retry1-fetch-755239397');
    expect(of('retry1', 'fetch(2)', 'fetch')).toBe('retry1-fetch-2701045843');
    expect(of('fama-french-event-f8aug', 'extract(0)', 'extract')).toBe(
      'fama-french-event-f8aug-extract-688439226',
    );
    expect(podName({ runName: 'run1', nodeName: 'run1', templateName: 'main' })).toBe('run1');
  });

  it('is cut so that it fits', () => {
    const name = podName({ runName: 'r'.repeat(60), nodeName: 'n', templateName: 't'.repeat(250) });
    expect(name).toHaveLength(242 + 1 + String(Number(name.slice(243))).length);
  });
});
