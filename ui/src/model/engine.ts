// What is on screen, asked from the engine and kept up to date by its events.
import { type QueryClient, skipToken, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { HistoryFilter } from "../gen/HistoryFilter";
import type { Label } from "../gen/Label";
import type { Like } from "../gen/Like";
import type { Overview } from "../gen/Overview";
import type { Page } from "../gen/Page";
import type { RelabelStatus } from "../gen/RelabelStatus";
import { ask, host } from "../host";

/** What the list shows: a lane, what has the words, or what is near in meaning, with the name of what it is near to. */
export type View = { lane: Label } | { search: string } | { like: Like; title: string };

const PAGE = 100;

export const keys = {
  overview: ["overview"] as const,
  weighing: ["weighing"] as const,
  rows: (view: View) =>
    "lane" in view
      ? (["rows", "lane", view.lane] as const)
      : "search" in view
        ? (["rows", "search", view.search] as const)
        : (["rows", "like", view.like] as const),
  message: (id: number) => ["message", id] as const,
  relabel: ["relabel"] as const,
  relabelDiff: ["relabel-diff"] as const,
  history: ["history"] as const,
  memory: ["memory"] as const,
  audit: ["audit"] as const,
  instructions: ["instructions"] as const,
  privacy: ["privacy"] as const,
  rules: ["rules"] as const,
  preview: ["rules-preview"] as const,
  traces: ["rules-trace"] as const,
  trace: (id: number) => ["rules-trace", id] as const,
};

export function useOverview() {
  return useQuery({ queryKey: keys.overview, queryFn: async () => (await ask({ kind: "overview" })) as Overview });
}

type Weighing = { done: number; total: number } | null;

/** How far a new language model has been weighed; `null` when none is being weighed. */
export function useWeighing(): Weighing {
  // Only told, never asked for: an answer of "none" could come after the first that was told.
  return useQuery<Weighing>({ queryKey: keys.weighing, queryFn: skipToken, initialData: null }).data ?? null;
}

export function useRows(view: View) {
  return useInfiniteQuery({
    queryKey: keys.rows(view),
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }): Promise<Page> => {
      if ("lane" in view) return ask({ kind: "lane", lane: view.lane, after: pageParam, limit: PAGE });
      if ("search" in view) return ask({ kind: "search", query: view.search, lane: null, after: pageParam, limit: PAGE });
      // The nearest ones are all there is to see.
      return { rows: (await ask({ kind: "like", what: view.like, limit: PAGE })).rows, next: null };
    },
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

/** A relabelling that something is done for. */
export function isAtWork(status: RelabelStatus | null | undefined): boolean {
  return status ? ["running", "applying", "undoing"].includes(status.state) : false;
}

/** How often to ask how a relabelling stands, in milliseconds: a step towards its end may be told while the answer to
 * a command, which knew of less, is on its way. */
const STANDING = 3000;

/** How the last relabelling stands; `null` if there has never been one. */
export function useRelabel() {
  return useQuery({
    queryKey: keys.relabel,
    queryFn: async () => (await ask({ kind: "relabel", command: { kind: "status", job: null } })).status,
    refetchInterval: (query) => (isAtWork(query.state.data) ? STANDING : false),
  });
}

/** What a relabelling changes, with so many examples of each change. */
export function useRelabelDiff(status: RelabelStatus, examples: number) {
  return useQuery({
    queryKey: [...keys.relabelDiff, status.job, status.state === "ready", examples],
    queryFn: () => ask({ kind: "relabel-diff", job: status.job, examples }),
    placeholderData: (before) => before,
  });
}

/** What was decided that the filter lets through, newest first, a page after another. It changes with each label. */
export function useHistory(filter: HistoryFilter) {
  return useInfiniteQuery({
    queryKey: [...keys.history, filter],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => ask({ kind: "history", filter, after: pageParam, limit: PAGE }),
    getNextPageParam: (page) => page.next,
    staleTime: 0,
  });
}

// What was learned and judged changes with each label, so these two are asked for whenever they are looked at.

export function useMemory() {
  return useQuery({ queryKey: keys.memory, queryFn: () => ask({ kind: "memory" }), staleTime: 0 });
}

export function useAudit() {
  return useQuery({ queryKey: keys.audit, queryFn: () => ask({ kind: "audit" }), staleTime: 0 });
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
            void client.invalidateQueries({ queryKey: keys.relabelDiff });
            void client.invalidateQueries({ queryKey: keys.history });
            // It looks at all mail, so one that is under way is waited for.
            void client.invalidateQueries({ queryKey: keys.preview }, { cancelRefetch: false });
            break;
          case "message":
            void client.invalidateQueries({ queryKey: keys.message(event.id) });
            void client.invalidateQueries({ queryKey: keys.trace(event.id) });
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
          case "relabel":
            client.setQueryData<RelabelStatus | null>(keys.relabel, event.status);
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
