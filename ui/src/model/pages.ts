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
