import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Address } from "../gen/Address";
import type { Label } from "../gen/Label";
import type { MessageView } from "../gen/MessageView";
import type { Quote } from "../gen/Quote";
import { failureOf } from "../host";
import { LANES } from "../keys/registry";
import { useMessage } from "../model/engine";
import { type Found, useFacts } from "../model/facts";
import { useFormat } from "../model/format";
import { frameDocument } from "../model/frame";
import { exact } from "../model/time";
import { LaneIcon } from "../ui/lane";
import { FactStrip, Marked, placeIn, Signals } from "./Facts";
import { sourceOf } from "./rules/draft";
import { Why } from "./Why";

interface Props {
  id: number | null;
  dark: boolean;
  formatted: boolean;
  onFormatted: () => void;
  onLabel: (label: Label) => void;
  /** Shows mail that is near to it in meaning. */
  onLike: () => void;
  /** Begins a rule for mail like this one. */
  onMakeRule: () => void;
  /** From now on, mail of its list or sender gets its label. */
  onAlways: () => void;
  onClose: () => void;
  /** It was opened from a page, beside which it is shown. */
  beside?: boolean;
}

export function Reader(props: Props) {
  const { t } = useTranslation();
  const message = useMessage(props.id);
  const found = useFacts(message.data?.row);
  if (props.id === null) return <article className="reader"><p className="note">{t("empty.reader")}</p></article>;
  if (message.isError) {
    return <article className="reader"><p className="note error" role="alert">{failureOf(message.error).message}</p></article>;
  }
  // Shown together with what was found in it, so that nothing moves once it is there.
  if (!message.data || !(found.settled || found.late)) return <article className="reader" aria-busy="true"><p className="note">{t("loading")}</p></article>;
  return <Opened {...props} message={message.data} found={found} />;
}

/** So many of those whom a message went to are named. */
const SHOWN = 20;

function People({ name, people }: { name: string; people: Address[] }) {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  if (people.length === 0) return null;
  const shown = people.slice(0, SHOWN);
  const others = people.length - shown.length;
  // What stands between names is the language's own.
  const between = new Intl.ListFormat(i18n.language, { type: "unit", style: "short" }).formatToParts(shown.map((_, at) => String(at)));
  return (
    <>
      <dt>{name}</dt>
      <dd>
        {between.map(({ type, value }, at) => {
          const person = type === "element" ? shown[Number(value)] : undefined;
          return person ? <bdi key={at} title={person.address}>{person.name || person.address}</bdi> : value;
        })}
        {others > 0 && ` ${t("reader.others", { count: others, number: format.count(others) })}`}
      </dd>
    </>
  );
}

export function Opened(props: Props & { message: MessageView; found: Found }) {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  const { message, found, formatted, onFormatted } = props;
  const { row } = message;
  const article = useRef<HTMLElement>(null);
  /** The words that the user wants to see, and in which message. */
  const [shown, setShown] = useState<{ id: number; quote: Quote } | null>(null);
  const marked = shown?.id === row.id ? shown.quote : null;
  const place = (source: Quote["span"]["source"]) => (marked?.span.source === source ? placeIn(message, marked) : null);
  useEffect(() => {
    if (!shown) return;
    const mark = article.current?.querySelector("mark");
    mark?.scrollIntoView?.({ block: "center" });
    mark?.focus({ preventScroll: true });
  }, [shown]);
  const show = (quote: Quote) => {
    // In the frame of the formatted message nothing can be marked.
    if (formatted && quote.span.source === "text") onFormatted();
    setShown({ id: row.id, quote });
  };
  const source = sourceOf(message);
  return (
    <article ref={article} className="reader" aria-label={row.subject}>
      <header>
        <button type="button" className="back" onClick={props.onClose}>{t(props.beside ? "reader.shut" : "reader.close")}</button>
        <h2><bdi>{row.subject ? <Marked text={row.subject} place={place("subject")} /> : "—"}</bdi></h2>
        <dl>
          <dt>{t("reader.from")}</dt>
          <dd><bdi>{row.from.name}</bdi> <bdi>&lt;{row.from.address}&gt;</bdi></dd>
          <People name={t("reader.to")} people={message.to} />
          <People name={t("reader.cc")} people={message.cc} />
          <dt><span className="sr">{t("messages")}</span></dt>
          <dd><time>{exact(row.received, i18n.language)}</time> · <bdi>{message.folder}</bdi></dd>
        </dl>
        <div className="labels" role="group" aria-label={t("reader.labels")}>
          {LANES.map((lane, at) => (
            <button key={lane} type="button" aria-pressed={row.lane === lane} onClick={() => props.onLabel(lane)}>
              <LaneIcon lane={lane} size={14} /> {t(`label.${lane}`)} <kbd>{at + 1}</kbd>
            </button>
          ))}
        </div>
        <div className="doing">
          {source && (
            <button type="button" title={source.name} onClick={props.onAlways}>
              {t(`rules.always.${source.kind}`, { label: t(`label.${row.lane}`) })} <kbd>a</kbd>
            </button>
          )}
          {source && <button type="button" onClick={props.onMakeRule}>{t("rules.make")} <kbd>n</kbd></button>}
          <button type="button" onClick={props.onLike}>{t("like.button")} <kbd>m</kbd></button>
        </div>
      </header>
      <Signals signals={found.facts?.signals ?? []} doubtful={message.senderDoubtful} />
      <FactStrip message={message} found={found} onShow={show} />
      <Why message={message} />
      {message.defects.map((defect) => <div key={defect} className="block">{defect}</div>)}
      {message.calendar && (
        <div className="block">
          <b>{t("reader.calendar")}</b> · <bdi>{message.calendar.summary}</bdi>
          {message.calendar.start !== null && ` · ${exact(message.calendar.start, i18n.language)}`}
          {message.calendar.location && <> · <bdi>{message.calendar.location}</bdi></>}
        </div>
      )}
      {message.attachments.length > 0 && (
        <div className="block">
          <b>{t("reader.attachments")}</b>
          <ul className="attachments">
            {message.attachments.map((file, at) => (
              <li key={`${file.name}${at}`}><bdi>{file.name || file.mime}</bdi> ({format.bytes(file.size)})</li>
            ))}
          </ul>
        </div>
      )}
      {message.html !== null && (
        <div className="block">
          <button type="button" onClick={onFormatted}>
            {t(formatted ? "reader.plain" : "reader.formatted")} <kbd>f</kbd>
          </button>
          {message.blockedRemote > 0 && <p data-testid="blocked">{t("reader.blocked", { count: message.blockedRemote, number: format.count(message.blockedRemote) })}</p>}
        </div>
      )}
      {formatted && message.html !== null ? (
        <iframe
          className="frame"
          title={t("reader.frame")}
          sandbox=""
          referrerPolicy="no-referrer"
          srcDoc={frameDocument(message.html, props.dark)}
        />
      ) : (
        <p className="text" dir="auto"><Marked text={message.text} place={place("text")} /></p>
      )}
    </article>
  );
}
