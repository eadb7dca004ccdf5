// Which messages of a list are selected, to be labelled together. Where the user is in the list is another matter.
import type { Row } from "../gen/Row";

/** As many as can be labelled at once. */
export const MOST = 1000;

export interface Selection {
  ids: ReadonlySet<number>;
  /** Where a range begins; `null`: where the user is. */
  anchor: number | null;
  /** What was selected before that range. */
  base: ReadonlySet<number>;
}

export const NOTHING: Selection = { ids: new Set(), anchor: null, base: new Set() };

const first = (ids: Iterable<number>): Set<number> => new Set([...ids].slice(0, MOST));

/** The message is selected if it was not, and is not if it was. A range begins at it. */
export function toggled(selection: Selection, id: number): Selection {
  const ids = new Set(selection.ids);
  if (!ids.delete(id) && ids.size < MOST) ids.add(id);
  return { ids, anchor: id, base: ids };
}

/** From where a range began to `to`, instead of the range before; it begins at `from` if none has. */
export function extended(selection: Selection, rows: Row[], from: number | null, to: number): Selection {
  const end = rows.findIndex((row) => row.id === to);
  if (end < 0) return selection;
  const anchored = rows.findIndex((row) => row.id === (selection.anchor ?? from));
  const begin = anchored < 0 ? end : anchored;
  const range = rows.slice(Math.min(begin, end), Math.max(begin, end) + 1).map((row) => row.id);
  // From where it began, so that of too many those furthest away are left out.
  if (begin > end) range.reverse();
  return { ids: first([...selection.base, ...range]), anchor: rows[begin]?.id ?? null, base: selection.base };
}

/** All that is loaded. */
export function whole(rows: Row[]): Selection {
  const ids = first(rows.map((row) => row.id));
  return { ids, anchor: null, base: ids };
}

/** The user is elsewhere now: the next range begins there, and adds to what is selected. */
export function settled(selection: Selection): Selection {
  return { ids: selection.ids, anchor: null, base: selection.ids };
}

/** What is selected and still in the list, in its order. */
export function present(selection: Selection, rows: Row[]): number[] {
  if (selection.ids.size === 0) return [];
  return rows.filter((row) => selection.ids.has(row.id)).map((row) => row.id);
}

/** Where the user is when messages leave: where they were, else below it, else above. */
export function staying(rows: Row[], gone: ReadonlySet<number>, at: number | null): number | null {
  const index = rows.findIndex((row) => row.id === at);
  const stays = (row: Row) => !gone.has(row.id);
  const next = rows.slice(Math.max(0, index)).find(stays) ?? rows.slice(0, Math.max(0, index)).findLast(stays);
  return next?.id ?? null;
}
