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
import { Failed, Page, Placeholder } from "../../ui/Page";
import { useWork } from "../../ui/work";
import { type PageProps, usePageCommands } from "../page";
import { Diff } from "./Diff";
import { Outcome } from "./Outcome";
import { Progress } from "./Progress";
import { Start } from "./Start";

export type Steer = (command: RelabelCommand) => void;

export default function Relabel(props: PageProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const relabel = useRelabel();
  const status = relabel.data;
  const { busy, error, run } = useWork();
  const steer = useCallback<Steer>(
    (command) =>
      void run(async () => {
        const { status } = await ask({ kind: "relabel", command });
        client.setQueryData<RelabelStatus | null>(keys.relabel, status);
      }),
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
      {status !== undefined && <Stage {...props} status={status} busy={busy} steer={steer} />}
    </Page>
  );
}

function Stage({ status, busy, steer, overview, onRead }: PageProps & { status: RelabelStatus | null; busy: boolean; steer: Steer }) {
  const work = { busy, steer };
  switch (status?.state) {
    case "running":
    case "paused":
    case "applying":
    case "undoing":
      return <Progress status={status} {...work} />;
    case "ready":
      return <Diff status={status} {...work} onRead={onRead} />;
    default:
      return (
        <>
          {status && <Outcome status={status} {...work} />}
          <Start overview={overview} again={status !== null} {...work} />
        </>
      );
  }
}
