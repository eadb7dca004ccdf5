import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { failureOf } from "../host";

/** A page beside the mail. Its heading takes the focus, so that it is read out and the next Tab goes into the page. */
export function Page({ title, lead, busy = false, children }: { title: string; lead?: string; busy?: boolean; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const id = useId();
  useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <main className="page" aria-labelledby={id} aria-busy={busy}>
      <div className="inner">
        <h1 id={id} ref={heading} tabIndex={-1}>{title}</h1>
        {lead && <p className="lead">{lead}</p>}
        {children}
      </div>
    </main>
  );
}

/** Gives the focus to the page's heading when what had it has gone with what changed. */
export function useFocusKept(changed: unknown) {
  useLayoutEffect(() => {
    if (document.activeElement === document.body) document.querySelector<HTMLElement>(".page h1")?.focus({ preventScroll: true });
  }, [changed]);
}

/** A part of a page under its own heading. `aside` stands at the heading's end. */
export function Section({ title, lead, aside, children }: { title: string; lead?: string; aside?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section className="section" aria-labelledby={id}>
      <div className="section-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {lead && <p className="soft">{lead}</p>}
      {children}
    </section>
  );
}

/** What failed, in the engine's sentence, and the one thing to do about it. */
export function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="failed" role="alert">
      <p>{failureOf(error).message}</p>
      <button type="button" onClick={onRetry}>{t("retry")}</button>
    </div>
  );
}

/** Keeps the place of what is on its way. */
export function Placeholder({ lines = 4 }: { lines?: number }) {
  const { t } = useTranslation();
  return (
    <div className="placeholder">
      <span className="sr" role="status">{t("loading")}</span>
      {Array.from({ length: lines }, (_, at) => <div key={at} className="skeleton" aria-hidden><i /></div>)}
    </div>
  );
}
