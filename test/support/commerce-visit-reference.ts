import { momentText, type ReferenceEvent } from './commerce-feed-reference.ts';

/** Texts by column, '' for NULL. */
export type Row = Record<string, string>;

export interface ReferenceSession {
  session_id: string;
  session_seq: number;
  started_at: number;
  ended_at: number;
  event_count: number;
  purchases: number;
  furthest_stage: string;
  /** In the order of time, then of type, then of page. */
  events: readonly ReferenceEvent[];
}

const PAUSE_MS = 30 * 60_000;
const STAGES = ['purchase', 'checkout_start', 'add_to_cart', 'product_view', 'page_view'];

/** Sessions by walking through the events of each session id (requirements 3.8). */
export function referenceSessions(events: readonly ReferenceEvent[]): ReferenceSession[] {
  const byId = new Map<string, ReferenceEvent[]>();
  for (const event of events)
    byId.set(event.session_id, [...(byId.get(event.session_id) ?? []), event]);
  const sessions: ReferenceSession[] = [];
  for (const [id, own] of byId) {
    own.sort(
      (a, b) => a.at - b.at || compare(a.event_type, b.event_type) || compare(a.page, b.page),
    );
    let group: ReferenceEvent[] = [];
    let visitStart = 0;
    let seq = 0;
    const end = (): void => {
      if (group.length === 0) return;
      seq += 1;
      const types = new Set(group.map(({ event_type }) => event_type));
      sessions.push({
        session_id: id,
        session_seq: seq,
        started_at: group[0]?.at ?? 0,
        ended_at: group.at(-1)?.at ?? 0,
        event_count: group.length,
        purchases: group.filter(({ event_type }) => event_type === 'purchase').length,
        furthest_stage: STAGES.find((stage) => types.has(stage)) ?? 'none',
        events: group,
      });
      group = [];
    };
    for (const event of own) {
      const last = group.at(-1);
      const isPaused = last === undefined || event.at - last.at >= PAUSE_MS;
      if (isPaused) {
        end();
        visitStart = event.at;
      } else if (dayOf(event.at - visitStart) !== dayOf(last.at - visitStart)) end();
      group.push(event);
    }
    end();
  }
  return sessions;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function dayOf(ms: number): number {
  return Math.floor(ms / 86_400_000);
}

/** Sessions by the hour (13 letters of a moment) or the day (10) of their beginning, of all devices and of each. */
export function referenceTraffic(sessions: readonly ReferenceSession[], letters: 10 | 13): Row[] {
  const groups = new Map<string, ReferenceSession[]>();
  for (const one of sessions) {
    const start = momentText(one.started_at).slice(0, letters);
    for (const device of ['all', one.events[0]?.device ?? '']) {
      const key = `${start}|${device}`;
      groups.set(key, [...(groups.get(key) ?? []), one]);
    }
  }
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, own]) => {
      const [start = '', device = ''] = key.split('|');
      const has = (one: ReferenceSession, type: string): boolean =>
        one.events.some((event) => event.event_type === type);
      const carts = own.filter((one) => has(one, 'add_to_cart'));
      const buying = own.filter((one) => has(one, 'purchase'));
      const bought = carts.filter((one) => has(one, 'purchase')).length;
      return {
        ...(letters === 10 ? { day: start } : { hour_start: `${start}:00:00` }),
        device,
        sessions: String(own.length),
        users: String(new Set(own.map((one) => customerOf(one) || one.session_id)).size),
        bounce_rate: quotient(
          own.filter(({ events }) => events.length === 1).length,
          own.length,
          4,
        ),
        conversion_rate: quotient(buying.length, own.length, 4),
        cart_abandonment: quotient(carts.length - bought, carts.length, 4),
        mean_duration_s: quotient(sum(own.map(secondsOf)), own.length, 2),
      };
    });
}

/** Every column of `sessions`. */
export function referenceVisits(sessions: readonly ReferenceSession[]): Row[] {
  return sessions.map((one) => {
    const { events } = one;
    const count = (type: string): string =>
      String(events.filter((event) => event.event_type === type).length);
    const start = momentText(one.started_at);
    const [year, month, day] = start.slice(0, 10).split('-').map(Number);
    return {
      session_key: `${one.session_id}#${one.session_seq}`,
      session_id: one.session_id,
      session_seq: String(one.session_seq),
      customer_id: customerOf(one),
      device: events[0]?.device ?? '',
      browser: events[0]?.browser ?? '',
      started_at: start,
      ended_at: momentText(one.ended_at),
      duration_s: String(secondsOf(one)),
      event_count: String(events.length),
      page_views: count('page_view'),
      product_views: count('product_view'),
      add_to_carts: count('add_to_cart'),
      removes: count('remove_from_cart'),
      checkouts: count('checkout_start'),
      purchases: count('purchase'),
      entry_page: events[0]?.page ?? '',
      exit_page: events.at(-1)?.page ?? '',
      bounced: String(events.length === 1),
      converted: String(one.purchases > 0),
      furthest_stage: one.furthest_stage,
      year: String(year),
      month: String(month),
      day: String(day),
    };
  });
}

/** Who it was, by the first event that says so; '' for nobody known. */
export function customerOf({ events }: ReferenceSession): string {
  return events.find((event) => event.customer_id !== '')?.customer_id ?? '';
}

function secondsOf(one: ReferenceSession): number {
  return Math.floor((one.ended_at - one.started_at) / 1000);
}

/** 0 for none. */
export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** part ÷ whole, neither below 0, rounded half up to so many places and as the engine prints it; '' where whole is 0. */
export function quotient(part: number, whole: number, places: number): string {
  if (whole === 0) return '';
  const scaled = BigInt(part) * 10n ** BigInt(places) * 2n + BigInt(whole);
  const rounded = Number(scaled / (2n * BigInt(whole))) / 10 ** places;
  return Number.isInteger(rounded) ? `${rounded}.0` : String(rounded);
}
