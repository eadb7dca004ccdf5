import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Label } from "../gen/Label";
import { ask, failureOf } from "../host";
import { commandOf, isFirst, isTyping, keyOf, LANES, labelOf, SECOND_WITHIN } from "../keys/registry";
import { keys, useEvents, useOverview, useRows, type View } from "../model/engine";
import { neighbour, type Pages, rowsOf, without } from "../model/pages";
import { PAGES, type PageName } from "../model/place";
import { changeDraft, storeRules } from "../model/rules";
import { useTheme } from "../ui/theme";
import { Help } from "./Help";
import { List } from "./List";
import { PageFrame } from "./PageFrame";
import { type Obey, PageCommands } from "./page";
import { Reader } from "./Reader";
import { always, appended, restored, ruleFor, sourceOf, without as withoutRule } from "./rules/draft";
import { Sidebar } from "./Sidebar";
import { Welcome } from "./Welcome";

interface Toast {
  text: string;
  /** Takes back what is said. */
  undo?: () => Promise<unknown>;
}

export function App() {
  const { t } = useTranslation();
  const client = useQueryClient();
  useEvents();
  const overview = useOverview();
  const [theme, setTheme, dark] = useTheme();
  const [view, setView] = useState<View>({ lane: "urgent" });
  const [selected, setSelected] = useState<number | null>(null);
  const [reading, setReading] = useState(false);
  const [formatted, setFormatted] = useState(false);
  /** The page that is shown instead of the mail, and the message that was opened from it. */
  const [page, setPage] = useState<PageName | null>(null);
  const [peek, setPeek] = useState<number | null>(null);
  const [help, setHelp] = useState(false);
  const [adding, setAdding] = useState(false);
  const [toast, setToast] = useState<Toast | null>(null);
  const searchField = useRef<HTMLInputElement>(null);
  const pageCommands = useRef<Obey | null>(null);
  /** What had the focus when a message was opened from a page, and gets it back. */
  const opener = useRef<Element | null>(null);
  /** The first key of a sequence, and when it was pressed. */
  const first = useRef({ key: "", at: 0 });
  /** Where the user was before mail like a message was shown. */
  const before = useRef<{ view: View; selected: number | null }>({ view: { lane: "urgent" }, selected: null });
  const pages = useRows(view);
  const rows = rowsOf(pages.data);

  const say = useCallback((text: string, undo?: () => Promise<unknown>) => setToast({ text, undo }), []);
  const failed = useCallback((error: unknown) => say(failureOf(error).message), [say]);

  useEffect(() => {
    if (!toast) return;
    const end = setTimeout(() => setToast(null), 8000);
    return () => clearTimeout(end);
  }, [toast]);

  // The first row of a list is selected until the user chooses.
  useEffect(() => {
    if (selected === null && rows[0]) setSelected(rows[0].id);
  }, [rows, selected]);

  const show = useCallback((next: View) => {
    setPage(null);
    setPeek(null);
    setView(next);
    setSelected(null);
    setReading(false);
  }, []);

  const select = useCallback((id: number | null) => {
    setSelected(id);
    setFormatted(false);
  }, []);

  /** To a page, or back to the mail, where the list takes the focus. */
  const go = useCallback((to: PageName | null) => {
    setPage(to);
    setPeek(null);
    setToast(null);
    if (to === null) requestAnimationFrame(() => document.querySelector<HTMLElement>('[role="listbox"]')?.focus());
  }, []);

  const shut = useCallback(() => {
    setPeek(null);
    if (opener.current instanceof HTMLElement) opener.current.focus();
  }, []);

  const undo = useCallback(async () => {
    try {
      const { undone } = await ask({ kind: "undo" });
      say(undone ? t("toast.undone") : t("toast.nothing"));
      const first = undone?.rows[0];
      await client.invalidateQueries({ queryKey: ["rows"] });
      void client.invalidateQueries({ queryKey: keys.memory });
      if (first) {
        void client.invalidateQueries({ queryKey: keys.message(first.id) });
        if ("lane" in view && view.lane === first.lane) select(first.id);
      }
    } catch (error) {
      failed(error);
    }
  }, [client, failed, say, select, t, view]);

  const label = useCallback(
    async (id: number | null, to: Label) => {
      if (id === null) return;
      const leaves = "lane" in view && view.lane !== to;
      if (leaves && id === selected) {
        select(neighbour(rows, id));
        client.setQueryData<Pages>(keys.rows(view), (old) => old && without(old, new Set([id])));
      }
      try {
        await ask({ kind: "label", ids: [id], label: to });
        say(t("toast.labelled", { lane: t(`lane.${to}`) }), undo);
      } catch (error) {
        failed(error);
      }
      void client.invalidateQueries({ queryKey: ["rows"] });
      void client.invalidateQueries({ queryKey: keys.message(id) });
      void client.invalidateQueries({ queryKey: keys.memory });
    },
    [client, failed, rows, say, select, selected, t, undo, view],
  );

  const message = useCallback(
    (id: number) => client.fetchQuery({ queryKey: keys.message(id), queryFn: () => ask({ kind: "message", id }) }),
    [client],
  );

  const like = useCallback(
    async (id: number | null) => {
      if (id === null) return;
      try {
        const { row } = await message(id);
        // From one such list to the next, the way back leads out of all of them.
        if (!("like" in view)) before.current = { view, selected };
        show({ like: { kind: "message", id }, title: row.subject || t("noSubject") });
      } catch (error) {
        failed(error);
      }
    },
    [failed, message, selected, show, t, view],
  );

  const back = useCallback(() => {
    show(before.current.view);
    setSelected(before.current.selected);
    requestAnimationFrame(() => document.querySelector<HTMLElement>('[role="listbox"]')?.focus());
  }, [show]);

  /** Begins a rule for mail like this one, on the page of rules. */
  const makeRule = useCallback(
    async (id: number | null) => {
      if (id === null) return;
      try {
        const opened = await message(id);
        const stored = await ask({ kind: "rules" });
        client.setQueryData(keys.rules, stored);
        changeDraft(client, (draft) => {
          const rules = draft.rules ?? stored.rules;
          const rule = ruleFor(opened, opened.row.lane, rules, t("rules.nameFor", { name: sourceOf(opened)?.name }));
          return rule ? { rules: appended(rules, [rule]), open: rule.id } : draft;
        });
        go("rules");
      } catch (error) {
        failed(error);
      }
    },
    [client, failed, go, message, t],
  );

  /** From now on, mail of the same list or sender gets the label of this one. */
  const makeAlways = useCallback(
    async (id: number | null) => {
      if (id === null) return;
      try {
        const opened = await message(id);
        const source = sourceOf(opened);
        const { rules } = await ask({ kind: "rules" });
        const rule = ruleFor(opened, opened.row.lane, rules, t("rules.nameFor", { name: source?.name }));
        if (!source || !rule) return;
        const next = always(rules, rule);
        const made = (await storeRules(client, next)).at(-1);
        if (!made) return;
        changeDraft(client, (draft) => ({ ...draft, rules: draft.rules && always(draft.rules, made) }));
        say(t("rules.always.said", { name: source.name, label: t(`label.${opened.row.lane}`) }), async () => {
          const now = withoutRule((await ask({ kind: "rules" })).rules, made.id);
          const replaced = rules.filter((each) => !next.includes(each));
          await storeRules(client, replaced.reduce((all, each) => restored(all, each, rules.indexOf(each)), now));
          changeDraft(client, (draft) => ({ ...draft, rules: draft.rules && withoutRule(draft.rules, made.id) }));
          say(t("toast.undone"));
        });
      } catch (error) {
        failed(error);
      }
    },
    [client, failed, message, say, t],
  );

  /** Takes back what the toast is about, else what was labelled last. */
  const takeBack = useCallback(async () => {
    if (!toast?.undo) return undo();
    try {
      setToast(null);
      await toast.undo();
    } catch (error) {
      failed(error);
    }
  }, [failed, toast, undo]);

  const move = useCallback(
    (by: number) => {
      const at = rows.findIndex((row) => row.id === selected);
      const next = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
      if (next) select(next.id);
    },
    [rows, select, selected],
  );

  const now = overview.data;
  const empty = !now || (now.accounts.length === 0 && !now.sample && now.counts.every((count) => count.total === 0));

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      // An open dialog has the keys to itself, and closes by itself.
      if (document.querySelector("dialog[open]") || event.key === "Shift") return;
      const before = event.timeStamp - first.current.at < SECOND_WITHIN ? first.current.key : "";
      first.current = { key: before ? "" : isFirst(event) ? keyOf(event) : "", at: event.timeStamp };
      const command = commandOf(event, before);
      if (!command) return;
      const to = [null, ...PAGES].find((name) => command === `go-${name ?? "mail"}`);
      const lane = labelOf(command);
      const reader = page === null ? selected : peek;
      if (empty || adding) {
        if (command !== "close") return;
        setAdding(false);
      } else if (to !== undefined) go(to);
      else if (command === "help") setHelp(true);
      else if (page !== null && pageCommands.current?.(command)) {
        // The page has done it.
      } else if (command === "close") {
        const focused = document.activeElement;
        if (page !== null && isTyping(focused)) (focused as HTMLElement).blur();
        else if (peek !== null) shut();
        else if (page !== null) go(null);
        else if (document.activeElement === searchField.current) searchField.current?.blur();
        else if (reading) setReading(false);
        else if ("like" in view) back();
        else if ("search" in view) show({ lane: "urgent" });
      } else if (command === "undo") {
        if (page === null || toast?.undo) void takeBack();
      } else if (lane && reader !== null) void label(reader, lane);
      else if (command === "like") void like(reader);
      else if (command === "make-rule") void makeRule(reader);
      else if (command === "always") void makeAlways(reader);
      else if (command === "formatted") setFormatted((on) => !on);
      else if (command === "sync") ask({ kind: "sync-now" }).catch(failed);
      else if (page !== null) return;
      else if (command === "next") move(1);
      else if (command === "previous") move(-1);
      else if (command === "open") setReading(true);
      else if (command === "search") searchField.current?.focus();
      else if (command === "next-lane" || command === "previous-lane") {
        const at = "lane" in view ? LANES.indexOf(view.lane) : 0;
        show({ lane: LANES[(at + (command === "next-lane" ? 1 : 3)) % 4] ?? "urgent" });
      }
      event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [adding, back, empty, failed, go, label, like, makeAlways, makeRule, move, page, peek, reading, selected, show, shut, takeBack, toast, view]);

  if (overview.isError) {
    return (
      <main className="welcome">
        <h1>{t("failedStart")}</h1>
        <p role="alert">{failureOf(overview.error).message}</p>
        <button type="button" onClick={() => void overview.refetch()}>{t("retry")}</button>
      </main>
    );
  }
  if (!now) return <main className="welcome" aria-busy="true"><p>{t("loading")}</p></main>;
  const refresh = () => {
    setAdding(false);
    void client.invalidateQueries();
  };
  const toastView = toast && (
    <div className="toast" role="status">
      <span>{toast.text}</span>
      {toast.undo && <button type="button" onClick={() => void takeBack()}>{t("toast.undo")}</button>}
    </div>
  );
  if (empty || adding) {
    return (
      <main className="welcome center">
        <Welcome
          keychain={now.keychain}
          onDone={() => {
            setPage(null);
            refresh();
          }}
          onBack={adding ? () => setAdding(false) : undefined}
        />
        {toastView}
      </main>
    );
  }
  const reader = (
    <Reader
      id={page === null ? selected : peek}
      dark={dark}
      formatted={formatted}
      onFormatted={() => setFormatted(!formatted)}
      onLabel={(to) => void label(page === null ? selected : peek, to)}
      onLike={() => void like(page === null ? selected : peek)}
      onMakeRule={() => void makeRule(page === null ? selected : peek)}
      onAlways={() => void makeAlways(page === null ? selected : peek)}
      beside={page !== null}
      onClose={() => (page === null ? setReading(false) : shut())}
    />
  );
  const where = page === null ? (reading ? "reading" : "") : peek === null ? "on-page" : "on-page reading";
  return (
    <div className={`app ${where}`}>
      <Sidebar
        overview={now}
        view={view}
        page={page}
        theme={theme}
        onTheme={setTheme}
        onLane={(lane) => show({ lane })}
        onPage={go}
        onHelp={() => setHelp(true)}
        onAdd={() => setAdding(true)}
        onChanged={refresh}
        onFailed={failed}
      />
      {page === null ? (
        <>
          <List
            view={view}
            pages={pages}
            rows={rows}
            selected={selected}
            searchField={searchField}
            onSelect={(id) => {
              select(id);
              setReading(true);
            }}
            onSearch={(search) => show(search.trim() ? { search } : { lane: "urgent" })}
            onMeaning={(text) => {
              before.current = { view, selected };
              show({ like: { kind: "text", text }, title: text });
            }}
            onBack={back}
          />
          {reader}
        </>
      ) : (
        <PageCommands value={pageCommands}>
          <PageFrame
            name={page}
            overview={now}
            theme={theme}
            onTheme={setTheme}
            onRead={(id) => {
              opener.current = document.activeElement;
              setFormatted(false);
              setPeek(id);
            }}
            onSay={say}
            onFailed={failed}
            onAddAccount={() => setAdding(true)}
            onHelp={() => setHelp(true)}
            onPage={go}
            onChanged={refresh}
          />
          {peek !== null && reader}
        </PageCommands>
      )}
      {toastView}
      {help && <Help onClose={() => setHelp(false)} />}
    </div>
  );
}
