import type { InfiniteData } from "@tanstack/react-query";
import type { Page } from "../gen/Page";
import type { Row } from "../gen/Row";

export type Pages = InfiniteData<Page, unknown>;

export function rowsOf(pages: Pages | undefined): Row[] {
  return pages?.pages.flatMap((page) => page.rows) ?? [];
}

/** The pages without these rows: shown at once, before the engine has answered. */
export function without(pages: Pages, ids: ReadonlySet<number>): Pages {
  return {
    ...pages,
    pages: pages.pages.map((page) => ({ ...page, rows: page.rows.filter((row) => !ids.has(row.id)) })),
  };
}

/** Which row is selected when `gone` leaves: the one below, else the one above. */
export function neighbour(rows: Row[], gone: number): number | null {
  const at = rows.findIndex((row) => row.id === gone);
  if (at < 0) return rows[0]?.id ?? null;
  return (rows[at + 1] ?? rows[at - 1])?.id ?? null;
}
