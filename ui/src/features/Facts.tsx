import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { CodeCandidate } from "../gen/CodeCandidate";
import type { MessageView } from "../gen/MessageView";
import type { Quote } from "../gen/Quote";
import type { SignalView } from "../gen/SignalView";
import { failureOf } from "../host";
import { type Found, offsetAt, placeOf } from "../model/facts";
import { amountOf, dueOf, ordered, signalOf, type Worded } from "./factWords";

interface Props {
  message: MessageView;
  found: Found;
  /** Shows where words stand. */
  onShow: (quote: Quote) => void;
}

/** What a message asks for, by when and for how much, and codes to copy: as code found it. Nothing, if it asks nothing. */
export function FactStrip({ message, found, onShow }: Props) {
  const { t, i18n } = useTranslation();
  const { facts, late, settled } = found;
  // Its place is held from the time the message is shown without it, so that nothing below it moves.
  const place = `block facts${late ? " held" : ""}`;
  if (found.error !== undefined) {
    return (
      <section className={place} aria-label={t("facts.title")}>
        <span className="error">{failureOf(found.error).message}</span> <button type="button" className="link" onClick={found.again}>{t("retry")}</button>
      </section>
    );
  }
  if (!settled || !facts) return late ? <section className={place} aria-label={t("facts.title")} aria-busy="true"><p className="soft">{t("facts.looking")}</p></section> : null;
  const { task } = facts;
  const codes = ordered(facts.codes);
  if (!task && codes.length === 0) return late ? <section className={place} aria-label={t("facts.title")}><p className="soft">{t("facts.nothing")}</p></section> : null;
  const field = { message, onShow };
  return (
    <section className={place} aria-label={t("facts.title")}>
      <dl>
        {task && (
          <>
            <dt>{t("facts.asks")}</dt>
            <dd><Words {...field} quote={task.what}><q><bdi>{task.what.words}</bdi></q></Words></dd>
          </>
        )}
        {task?.for_whom && (
          <>
            <dt>{t("facts.forWhom")}</dt>
            <dd><Words {...field} quote={task.for_whom}><bdi>{task.for_whom.words}</bdi></Words></dd>
          </>
        )}
        {task?.due && (
          <Field {...field} name={t(task.due.deadline ? "facts.due" : "facts.when")} quote={task.due.quote} worded={dueOf(t, i18n.language, task.due, offsetAt(message.row.received))} />
        )}
        {task?.amount && <Field {...field} name={t("facts.amount")} quote={task.amount.quote} worded={amountOf(t, i18n.language, task.amount)} />}
        {codes.map((code) => <Code key={`${code.kind} ${code.code}`} {...field} code={code} />)}
      </dl>
      <p className="soft how">{t("facts.how")}</p>
    </section>
  );
}

function Field({ name, quote, worded, ...field }: Pick<Props, "message" | "onShow"> & { name: string; quote: Quote; worded: Worded }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <Words {...field} quote={quote}>{worded.text}</Words>
        {worded.notes.map((note) => <span key={note} className="soft"> · {note}</span>)}
      </dd>
    </>
  );
}

/** What was read from words, as a button that shows them; plain where they are not to be found. */
function Words({ message, quote, onShow, children }: Pick<Props, "message" | "onShow"> & { quote: Quote; children: React.ReactNode }) {
  const { t } = useTranslation();
  if (!placeIn(message, quote)) return <>{children}</>;
  return <button type="button" className="words" title={t("facts.show")} onClick={() => onShow(quote)}>{children}</button>;
}

/** How long a chip says that it was copied, in milliseconds. */
const COPIED = 2000;

function Code({ message, code, onShow }: Pick<Props, "message" | "onShow"> & { code: CodeCandidate }) {
  const { t } = useTranslation();
  const [state, setState] = useState<"" | "copied" | "notCopied">("");
  useEffect(() => {
    if (!state) return;
    const end = setTimeout(() => setState(""), COPIED);
    return () => clearTimeout(end);
  }, [state]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(code.code);
      setState("copied");
    } catch {
      // Then it can be copied by hand, from its place in the text.
      setState("notCopied");
      onShow(code.quote);
    }
  };
  const Icon = state === "copied" ? Check : Copy;
  return (
    <>
      <dt>{t(`facts.code.${code.kind}`)}</dt>
      <dd>
        <button type="button" className="code" title={t("facts.copy")} aria-label={t("facts.copyCode", { code: code.code })} onClick={() => void copy()}>
          <bdi>{code.code}</bdi> <Icon size={12} aria-hidden />
        </button>{" "}
        <Words message={message} quote={code.quote} onShow={onShow}><span className="soft">{t("facts.inText")}</span></Words>
        <span className={state === "notCopied" ? "soft" : "sr"} role="status">{state && ` ${t(`facts.${state}`)}`}</span>
      </dd>
    </>
  );
}

/** Where words stand in what the reader shows; `null` if they do not. */
export function placeIn({ row, text }: MessageView, { span, words }: Quote): [number, number] | null {
  return placeOf(span.source === "subject" ? row.subject : text, words, span.start);
}

/** Signs that a message is not from whom it seems to be from, a sentence each, and what to do about them. */
export function Signals({ signals, doubtful }: { signals: SignalView[]; doubtful: boolean }) {
  const { t, i18n } = useTranslation();
  // That the receiving server could not confirm the sender may be known twice, and is said once.
  const said = doubtful && !signals.some(({ signal }) => signal.kind === "not-authenticated");
  if (!said && signals.length === 0) return null;
  if (signals.length === 0) return <div className="block warning" role="note">{t("reader.doubtful")}</div>;
  return (
    <div className="block warning" role="note">
      {t(said ? "reader.doubtful" : "facts.careful")}
      <ul>{signals.map((each) => <li key={each.text}>{signalOf(t, (key) => i18n.exists(key), each)}</li>)}</ul>
    </div>
  );
}

/** A text in which words that were asked for are marked, and come into sight. */
export function Marked({ text, place }: { text: string; place: [number, number] | null }) {
  if (!place) return <>{text}</>;
  const [from, to] = place;
  return (
    <>
      {text.slice(0, from)}
      <mark tabIndex={-1}>{text.slice(from, to)}</mark>
      {text.slice(to)}
    </>
  );
}
