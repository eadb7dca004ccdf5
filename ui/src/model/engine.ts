// What is on screen, asked from the engine and kept up to date by its events.
import { type QueryClient, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Label } from "../gen/Label";
import type { Overview } from "../gen/Overview";
import type { Page } from "../gen/Page";
import { ask, host } from "../host";

export type View = { lane: Label } | { search: string };

const PAGE = 100;

export const keys = {
  overview: ["overview"] as const,
  weighing: ["weighing"] as const,
  rows: (view: View) => ("lane" in view ? (["rows", "lane", view.lane] as const) : (["rows", "search", view.search] as const)),
  message: (id: number) => ["message", id] as const,
};

export function useOverview() {
  return useQuery({ queryKey: keys.overview, queryFn: async () => (await ask({ kind: "overview" })) as Overview });
}

type Weighing = { done: number; total: number } | null;

/** How far a new language model has been weighed; `null` when none is being weighed. */
export function useWeighing(): Weighing {
  return useQuery<Weighing>({ queryKey: keys.weighing, queryFn: () => null, staleTime: Infinity }).data ?? null;
}

export function useRows(view: View) {
  return useInfiniteQuery({
    queryKey: keys.rows(view),
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }): Promise<Page> =>
      "lane" in view
        ? ask({ kind: "lane", lane: view.lane, after: pageParam, limit: PAGE })
        : ask({ kind: "search", query: view.search, lane: null, after: pageParam, limit: PAGE }),
    getNextPageParam: (page) => page.next,
  });
}

export function useMessage(id: number | null) {
  return useQuery({
    queryKey: keys.message(id ?? 0),
    enabled: id !== null,
    queryFn: () => ask({ kind: "message", id: id ?? 0 }),
  });
}

function patch(client: QueryClient, change: (overview: Overview) => Overview) {
  client.setQueryData<Overview>(keys.overview, (overview) => overview && change(overview));
}

/** Keeps everything up to date for as long as the component is there. */
export function useEvents() {
  const client = useQueryClient();
  useEffect(
    () =>
      host.listen((event) => {
        switch (event.kind) {
          case "lanes":
            patch(client, (o) => ({ ...o, counts: event.counts, waitingForModel: event.waitingForModel }));
            for (const lane of event.lanes) void client.invalidateQueries({ queryKey: keys.rows({ lane }) });
            break;
          case "message":
            void client.invalidateQueries({ queryKey: keys.message(event.id) });
            break;
          case "account":
            patch(client, (o) => {
              const others = o.accounts.filter((account) => account.id !== event.id);
              const accounts = event.view ? [...others, event.view].sort((a, b) => a.id - b.id) : others;
              return { ...o, accounts };
            });
            break;
          case "model":
            patch(client, (o) => ({ ...o, model: event.state }));
            break;
          case "weighing":
            client.setQueryData<Weighing>(keys.weighing, event.done < event.total ? event : null);
            if (event.done === event.total) void client.invalidateQueries({ queryKey: keys.overview });
            break;
        }
      }),
    [client],
  );
}
