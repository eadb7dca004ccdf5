import { useVirtualizer } from "@tanstack/react-virtual";
import { Check, Paperclip } from "lucide-react";
import { type RefObject, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Label } from "../gen/Label";
import type { Row } from "../gen/Row";
import { failureOf } from "../host";
import type { useRows, View } from "../model/engine";
import { exact, relative } from "../model/time";
import { LaneIcon } from "../ui/lane";
import { Selected } from "./Selected";

interface Props {
  view: View;
  pages: ReturnType<typeof useRows>;
  rows: Row[];
  /** Where the user is: the message in the reader. */
  selected: number | null;
  /** What is selected to be labelled together. */
  marked: ReadonlySet<number>;
  searchField: RefObject<HTMLInputElement | null>;
  onSelect: (id: number) => void;
  /** The message is taken into the selection, or out of it. */
  onToggle: (id: number) => void;
  /** The selection reaches up to the message. */
  onExtend: (id: number) => void;
  onLabel: (label: Label) => void;
  onClear: () => void;
  onSearch: (query: string) => void;
  /** Looks for what is near in meaning to these words. */
  onMeaning: (text: string) => void;
  /** From mail like a message to where the user was. */
  onBack: () => void;
}

const HEIGHT = 40;

export function List(props: Props) {
  const { view, pages, rows, selected, marked, searchField, onSelect, onToggle, onExtend, onSearch, onMeaning, onBack } = props;
  const { t, i18n } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const [query, setQuery] = useState("");
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => HEIGHT,
    overscan: 8,
  });
  const items = virtual.getVirtualItems();
  const last = items[items.length - 1]?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  useEffect(() => {
    if (last >= rows.length - 30 && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [last, rows.length, hasNextPage, isFetchingNextPage, fetchNextPage]);
  const at = rows.findIndex((row) => row.id === selected);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at);
  }, [at, virtual]);
  useEffect(() => {
    if ("lane" in view || ("like" in view && view.like.kind === "message")) setQuery("");
  }, [view]);
  const title = "lane" in view ? t(`lane.${view.lane}`) : "search" in view ? view.search : t("like.title", { title: view.title });
  const now = Date.now() / 1000;
  return (
    <main className="list">
      <div className="bar">
        <form
          role="search"
          hidden={marked.size > 0}
          style={{ flex: 1 }}
          onSubmit={(event) => {
            event.preventDefault();
            onSearch(query);
            searchField.current?.blur();
          }}
        >
          <input
            ref={searchField}
            type="search"
            aria-label={t("search")}
            placeholder={`${t("search")}  /`}
            value={query}
            onChange={(event) => setQuery(event.target.value)}
          />
        </form>
        <Selected count={marked.size} onLabel={props.onLabel} onClear={props.onClear} />
      </div>
      {"search" in view && (
        <div className="list-title">
          <h2>{t("like.words", { words: view.search })}</h2>
          <button type="button" className="link" onClick={() => onMeaning(view.search)}>{t("like.byMeaning")}</button>
        </div>
      )}
      {"like" in view && (
        <div className="list-title">
          <h2>{t("like.title", { title: view.title })}</h2>
          {view.like.kind === "text" && <button type="button" className="link" onClick={() => onSearch(view.title)}>{t("like.byWords")}</button>}
          {view.like.kind === "message" && <button type="button" className="link" onClick={onBack}>{t("like.back")}</button>}
        </div>
      )}
      {pages.isError && <p className="note error" role="alert">{failureOf(pages.error).message}</p>}
      {pages.isSuccess && rows.length === 0 && (
        <p className="note">{t("lane" in view ? `empty.${view.lane}` : "search" in view ? "empty.search" : "like.empty")}</p>
      )}
      <div
        ref={scroller}
        className="rows"
        role="listbox"
        tabIndex={0}
        aria-multiselectable
        aria-label={t("messagesOf", { name: title })}
        aria-activedescendant={at >= 0 ? `row-${selected}` : undefined}
        aria-busy={pages.isPending}
      >
        {pages.isPending && [0, 1, 2, 3, 4, 5].map((n) => <div key={n} className="skeleton"><i /></div>)}
        <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {items.map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            return (
              <div
                key={row.id}
                id={`row-${row.id}`}
                role="option"
                // As long as nothing is selected to be labelled together, it is the message that is read.
                aria-selected={marked.size > 0 ? marked.has(row.id) : row.id === selected}
                aria-setsize={rows.length}
                aria-posinset={item.index + 1}
                className={`row${row.seen ? "" : " unread"}${row.id === selected ? " at" : ""}${marked.has(row.id) ? " marked" : ""}`}
                style={{ transform: `translateY(${item.start}px)` }}
                // Otherwise the browser would select the words in between.
                onMouseDown={(event) => {
                  if (!event.shiftKey) return;
                  event.preventDefault();
                  scroller.current?.focus();
                }}
                onClick={(event) => {
                  if (event.shiftKey) onExtend(row.id);
                  else if (event.ctrlKey || event.metaKey) onToggle(row.id);
                  else onSelect(row.id);
                }}
              >
                <span className="dot" aria-label={row.seen ? undefined : t("unread")}>{marked.has(row.id) && <Check size={12} aria-hidden />}</span>
                <span className="who"><bdi>{row.from.name || row.from.address}</bdi></span>
                <span>
                  <span className="subject"><bdi>{row.subject}</bdi></span>{" "}
                  <span className="snippet"><bdi>{row.snippet}</bdi></span>
                </span>
                <span className="meta">
                  {!("lane" in view) && <LaneIcon lane={row.lane} size={12} />}
                  {row.unsure && <span className="chip">{t("unsure")}</span>}
                  {row.attachments && <Paperclip size={12} aria-label={t("reader.attachments")} />}
                  <time title={exact(row.received, i18n.language)}>{relative(row.received, now, i18n.language)}</time>
                </span>
              </div>
            );
          })}
        </div>
      </div>
    </main>
  );
}
