// "How well does it sort my mail?": a few messages drawn at random, judged without seeing the app's own label, and what
// follows for all of the mail.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AuditView } from "../../gen/AuditView";
import type { Label } from "../../gen/Label";
import type { Request } from "../../gen/Request";
import { ask } from "../../host";
import { keys, useAudit } from "../../model/engine";
import { useFormat } from "../../model/format";
import { Failed, Page, Placeholder, Section, useFocusKept } from "../../ui/Page";
import { useWork } from "../../ui/work";
import type { PageProps } from "../page";
import { Estimate } from "./Estimate";
import { Judge, type Judged, Said } from "./Judge";

const DRAWN = 20;

type About = Extract<Request, { kind: "draw-audit" | "answer-audit" | "end-audit" }>;

export default function Accuracy({ onPage }: PageProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const audit = useAudit();
  const { error, run } = useWork();
  const [last, setLast] = useState<Judged | null>(null);
  const [count, setCount] = useState(0);
  const work = (request: About) =>
    run(async () => {
      client.setQueryData<AuditView>(keys.audit, await ask(request));
      void client.invalidateQueries({ queryKey: ["rows"] });
      void client.invalidateQueries({ queryKey: keys.memory });
    });
  const draw = async () => {
    setLast(null);
    setCount(0);
    await work({ kind: "draw-audit", count: DRAWN });
  };
  const answer = async (id: number, label: Label, shown: Label) => {
    if (await work({ kind: "answer-audit", id, label })) {
      setLast({ label, shown });
      setCount((count) => count + 1);
    }
  };
  const view = audit.data;
  useFocusKept(view);
  return (
    <Page title={t("accuracy.title")} lead={t("accuracy.lead")} busy={audit.isPending}>
      {audit.isError && <Failed error={audit.error} onRetry={() => void audit.refetch()} />}
      {audit.isPending && <Placeholder lines={6} />}
      {error && <p className="error" role="alert">{error}</p>}
      {view && (
        <>
          {view.open.length > 0 ? (
            <Judge
              open={view.open}
              judged={count}
              last={last}
                onJudge={(id, label, shown) => void answer(id, label, shown)}
              onLeave={() => onPage(null)}
              onEnd={() => void work({ kind: "end-audit" })}
            />
          ) : (
            <Draw judged={view.judged} last={last} onDraw={() => void draw()} />
          )}
          {view.judged > 0 && <Estimate view={view} />}
        </>
      )}
    </Page>
  );
}

function Draw({ judged, last, onDraw }: { judged: number; last: Judged | null; onDraw: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Section title={t(judged === 0 ? "accuracy.draw.first" : last ? "accuracy.draw.finished" : "accuracy.draw.more")}>
      {last && <Said last={last} />}
      <p>{t("accuracy.draw.lead", { count: DRAWN, number: format.count(DRAWN) })}</p>
      <button type="button" className={judged === 0 ? "primary" : ""} onClick={onDraw}>
        {t(judged === 0 ? "accuracy.draw.button" : "accuracy.draw.buttonMore", { count: DRAWN, number: format.count(DRAWN) })}
      </button>
    </Section>
  );
}
