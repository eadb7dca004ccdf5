// Judging much mail anew: what to choose, how it comes along, what would change, and taking it back.
//
// Everything shown follows from the job's status, so that it is the same after a reload or in another window.
import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { RelabelCommand } from "../../gen/RelabelCommand";
import type { RelabelStatus } from "../../gen/RelabelStatus";
import { ask } from "../../host";
import { keys, useRelabel } from "../../model/engine";
import { useFormat } from "../../model/format";
import { Failed, Page, Placeholder, useFocusKept } from "../../ui/Page";
import { useWork } from "../../ui/work";
import { type PageProps, usePageCommands } from "../page";
import { Diff } from "./Diff";
import { Outcome } from "./Outcome";
import { Progress } from "./Progress";
import { Start } from "./Start";

/** Where it stands, in the words of its heading. */
export function useStage(status: RelabelStatus): string {
  const { t } = useTranslation();
  const format = useFormat();
  const { state, changes } = status;
  const how = { count: changes, number: format.count(changes) };
  if (state === "ready") return t(changes === 0 ? "relabel.ready.none" : "relabel.ready.title", how);
  const ended = state === "applied" || state === "undone" || state === "discarded" || state === "cancelled";
  return ended ? t(`relabel.outcome.${state}`, how) : t(`relabel.state.${state}`);
}

export type Steer = (command: RelabelCommand) => void;

export default function Relabel(props: PageProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const relabel = useRelabel();
  const status = relabel.data;
  const { error, run } = useWork();
  useFocusKept(status?.state);
  const steer = useCallback<Steer>(
    (command) =>
      void run(async () => {
        const { status } = await ask({ kind: "relabel", command });
        client.setQueryData<RelabelStatus | null>(keys.relabel, status);
      }, command.kind),
    [client, run],
  );
  usePageCommands((command) => {
    if (command !== "undo" || status?.state !== "applied") return false;
    steer({ kind: "undo", job: status.job });
    return true;
  });
  return (
    <Page title={t("pages.relabel")} lead={t("relabel.lead")} busy={relabel.isPending}>
      {relabel.isError && <Failed error={relabel.error} onRetry={() => void relabel.refetch()} />}
      {relabel.isPending && <Placeholder lines={6} />}
      {error && <p className="error" role="alert">{error}</p>}
      <div className="sr" role="status">{status && <Said status={status} />}</div>
      {status !== undefined && <Stage {...props} status={status} steer={steer} />}
    </Page>
  );
}

function Said({ status }: { status: RelabelStatus }) {
  return <>{useStage(status)}</>;
}

function Stage({ status, steer, overview, onRead }: PageProps & { status: RelabelStatus | null; steer: Steer }) {
  switch (status?.state) {
    case "running":
    case "paused":
    case "applying":
    case "undoing":
      return <Progress status={status} steer={steer} />;
    case "ready":
      return <Diff status={status} steer={steer} onRead={onRead} />;
    default:
      return (
        <>
          {status && <Outcome status={status} steer={steer} />}
          <Start overview={overview} again={status !== null} steer={steer} />
        </>
      );
  }
}
