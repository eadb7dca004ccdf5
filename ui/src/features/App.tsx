import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useTranslation } from "react-i18next";
import type { Label } from "../gen/Label";
import { ask, failureOf } from "../host";
import { type Command, commandOf, isFirst, isTyping, KEYS, keyOf, LANES, labelOf, nameOf, SECOND_WITHIN } from "../keys/registry";
import { keys, useEvents, useOverview, useRows, type View } from "../model/engine";
import { useFormat } from "../model/format";
import { type Pages, rowsOf, without } from "../model/pages";
import { PAGES, type PageName } from "../model/place";
import { changeDraft, storeRules } from "../model/rules";
import { extended, NOTHING, present, settled, staying, toggled, whole } from "../model/selection";
import { useTheme } from "../ui/theme";
import { Help } from "./Help";
import { List } from "./List";
import { PageFrame } from "./PageFrame";
import { type Obey, PageCommands } from "./page";
import { type Entry, Palette } from "./Palette";
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
  const [palette, setPalette] = useState(false);
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
  const rows = useMemo(() => rowsOf(pages.data), [pages.data]);
  const [selection, setSelection] = useState(NOTHING);
  /** What is selected to be labelled together, in the order of the list. */
  const many = useMemo(() => present(selection, rows), [rows, selection]);
  const marked = useMemo(() => new Set(many), [many]);
  const format = useFormat();

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
    setSelection(NOTHING);
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
      for (const { id } of undone?.rows ?? []) void client.invalidateQueries({ queryKey: keys.message(id) });
      if (first && "lane" in view && view.lane === first.lane) select(first.id);
    } catch (error) {
      failed(error);
    }
  }, [client, failed, say, select, t, view]);

  /** All of them in one request, which one undo takes back. */
  const label = useCallback(
    async (ids: number[], to: Label) => {
      if (ids.length === 0) return;
      const before = selection;
      const gone = new Set(ids);
      if (ids === many) setSelection(NOTHING);
      if ("lane" in view && view.lane !== to) {
        if (selected !== null && gone.has(selected)) select(staying(rows, gone, selected));
        client.setQueryData<Pages>(keys.rows(view), (old) => old && without(old, gone));
      }
      try {
        await ask({ kind: "label", ids, label: to });
        const lane = t(`lane.${to}`);
        say(ids.length === 1 ? t("toast.labelled", { lane }) : t("select.moved", { count: ids.length, number: format.count(ids.length), lane }), undo);
      } catch (error) {
        setSelection(before);
        failed(error);
      }
      void client.invalidateQueries({ queryKey: ["rows"] });
      for (const id of ids) void client.invalidateQueries({ queryKey: keys.message(id) });
      void client.invalidateQueries({ queryKey: keys.memory });
    },
    [client, failed, format, many, rows, say, select, selected, selection, t, undo, view],
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
    (by: number, extend = false) => {
      const at = rows.findIndex((row) => row.id === selected);
      const next = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
      if (!next) return;
      setSelection((old) => (extend ? extended(old, rows, selected, next.id) : settled(old)));
      select(next.id);
    },
    [rows, select, selected],
  );

  const now = overview.data;
  const empty = !now || (now.accounts.length === 0 && !now.sample && now.counts.every((count) => count.total === 0));

  /** Does what a command means here; `false` if it means nothing. */
  const obey = useCallback(
    (command: Command): boolean => {
      const to = [null, ...PAGES].find((name) => command === `go-${name ?? "mail"}`);
      const lane = labelOf(command);
      const reader = page === null ? selected : peek;
      if (empty || adding) {
        if (command !== "close") return false;
        setAdding(false);
      } else if (to !== undefined) go(to);
      else if (command === "help") setHelp(true);
      else if (command === "palette") setPalette(true);
      else if (page !== null && pageCommands.current?.(command)) {
        // The page has done it.
      } else if (command === "close") {
        const focused = document.activeElement;
        if (page !== null && isTyping(focused)) (focused as HTMLElement).blur();
        else if (peek !== null) shut();
        else if (page !== null) go(null);
        else if (many.length > 0) setSelection(NOTHING);
        else if (document.activeElement === searchField.current) searchField.current?.blur();
        else if (reading) setReading(false);
        else if ("like" in view) back();
        else if ("search" in view) show({ lane: "urgent" });
      } else if (command === "undo") {
        if (page === null || toast?.undo) void takeBack();
      } else if (lane && page === null && many.length > 0) void label(many, lane);
      else if (lane && reader !== null) void label([reader], lane);
      else if (command === "like") void like(reader);
      else if (command === "make-rule") void makeRule(reader);
      else if (command === "always") void makeAlways(reader);
      else if (command === "formatted") setFormatted((on) => !on);
      else if (command === "sync") ask({ kind: "sync-now" }).catch(failed);
      else if (page !== null) return false;
      else if (command === "next") move(1);
      else if (command === "previous") move(-1);
      else if (command === "extend-down") move(1, true);
      else if (command === "extend-up") move(-1, true);
      else if (command === "toggle") {
        if (selected !== null) setSelection((old) => toggled(old, selected));
      } else if (command === "select-all") setSelection(whole(rows));
      else if (command === "open") setReading(true);
      else if (command === "search") {
        // What is selected has taken its place until then.
        flushSync(() => setSelection(NOTHING));
        searchField.current?.focus();
      } else if (command === "next-lane" || command === "previous-lane") {
        const at = "lane" in view ? LANES.indexOf(view.lane) : 0;
        show({ lane: LANES[(at + (command === "next-lane" ? 1 : 3)) % 4] ?? "urgent" });
      }
      return true;
    },
    [adding, back, empty, failed, go, label, like, makeAlways, makeRule, many, move, page, peek, reading, rows, selected, show, shut, takeBack, toast, view],
  );

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      // An open dialog has the keys to itself, and closes by itself.
      if (document.querySelector("dialog[open]") || event.key === "Shift") return;
      const before = event.timeStamp - first.current.at < SECOND_WITHIN ? first.current.key : "";
      first.current = { key: before ? "" : isFirst(event) ? keyOf(event) : "", at: event.timeStamp };
      const command = commandOf(event, before);
      if (command && obey(command)) event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [obey]);

  /** What the palette offers: the registry's commands that mean something here, and the lanes. */
  const entries = (): Entry[] => {
    // The page of accuracy shows messages itself.
    const message = page === null ? selected !== null : peek !== null || page === "accuracy";
    const here = KEYS.filter((key) => key.command !== "palette" && (key.where ?? page ?? "mail") === (page ?? "mail") && (message || !key.message));
    return [
      ...here.map(({ command, keys }) => ({ id: command, title: t(nameOf(command)), keys, run: () => void obey(command) })),
      ...LANES.map((lane) => ({ id: `lane-${lane}`, title: t("palette.lane", { lane: t(`lane.${lane}`) }), keys: [], run: () => show({ lane }) })),
    ];
  };

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
      onLabel={(to) => {
        const id = page === null ? selected : peek;
        if (id !== null) void label([id], to);
      }}
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
            marked={marked}
            searchField={searchField}
            onSelect={(id) => {
              setSelection(NOTHING);
              select(id);
              setReading(true);
            }}
            onToggle={(id) => {
              setSelection((old) => toggled(old, id));
              select(id);
            }}
            onExtend={(id) => {
              setSelection((old) => extended(old, rows, selected, id));
              select(id);
            }}
            onLabel={(to) => void label(many, to)}
            onClear={() => setSelection(NOTHING)}
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
      {palette && <Palette entries={entries()} onClose={() => setPalette(false)} />}
    </div>
  );
}
