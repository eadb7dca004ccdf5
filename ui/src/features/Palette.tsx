import { useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { commandOf } from "../keys/registry";
import { matching } from "../model/palette";
import { KeyNames } from "../ui/keys";

export interface Entry {
  id: string;
  title: string;
  keys: string[];
  run: () => void;
}

/** All that can be done here, found by typing. The browser's modal dialog keeps the focus in, and gives it back. */
export function Palette({ entries, onClose }: { entries: Entry[]; onClose: () => void }) {
  const { t } = useTranslation();
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const chosen = useRef<Entry | null>(null);
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const found = matching(entries, query);
  const current = Math.min(at, found.length - 1);
  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal();
  }, []);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView?.({ block: "nearest" });
  }, [current, query]);
  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    // It is done once the focus is back where it was.
    chosen.current = entry;
    dialog.current?.close();
  };
  const press = (event: React.KeyboardEvent) => {
    // Of an input method, which is still composing.
    if (event.nativeEvent.isComposing) return;
    const to = { ArrowDown: current + 1, ArrowUp: current - 1, PageDown: current + 8, PageUp: current - 8 }[event.key];
    if (commandOf(event) === "palette") dialog.current?.close();
    else if (event.key === "Enter") run(found[current]);
    else if (to === undefined || found.length === 0) return;
    else if (event.key.startsWith("Arrow")) setAt((to + found.length) % found.length);
    else setAt(Math.max(0, Math.min(found.length - 1, to)));
    event.preventDefault();
  };
  return (
    <dialog
      ref={dialog}
      className="palette"
      aria-label={t("palette.title")}
      onClose={() => {
        onClose();
        chosen.current?.run();
      }}
      onClick={(event) => event.target === dialog.current && dialog.current.close()}
    >
      <input
        type="text"
        role="combobox"
        autoFocus
        autoComplete="off"
        spellCheck={false}
        aria-label={t("palette.find")}
        aria-expanded
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={found[current] ? `${id}-${found[current].id}` : undefined}
        placeholder={t("palette.find")}
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setAt(0);
        }}
        onKeyDown={press}
      />
      <div ref={list} id={`${id}-list`} className="commands" role="listbox" tabIndex={-1} aria-label={t("palette.title")}>
        {found.map((entry, index) => (
          <div
            key={entry.id}
            id={`${id}-${entry.id}`}
            role="option"
            aria-selected={index === current}
            onClick={() => run(entry)}
            onMouseMove={() => setAt(index)}
          >
            <span>{entry.title}</span>
            <span className="keys"><KeyNames keys={entry.keys} /></span>
          </div>
        ))}
      </div>
      <p className={found.length === 0 ? "note" : "sr"} role="status">
        {found.length === 0 ? t("palette.none") : query && t("palette.found", { count: found.length })}
      </p>
    </dialog>
  );
}
