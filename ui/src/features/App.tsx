import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Label } from "../gen/Label";
import { ask, failureOf } from "../host";
import { commandOf, LANES, labelOf } from "../keys/registry";
import { keys, useEvents, useOverview, useRows, type View } from "../model/engine";
import { neighbour, type Pages, rowsOf, without } from "../model/pages";
import { useTheme } from "../ui/theme";
import { Help } from "./Help";
import { List } from "./List";
import { ModelDialog } from "./ModelDialog";
import { Reader } from "./Reader";
import { Sidebar } from "./Sidebar";
import { Welcome } from "./Welcome";

interface Toast {
  text: string;
  undo: boolean;
}

export function App() {
  const { t } = useTranslation();
  const client = useQueryClient();
  useEvents();
  const overview = useOverview();
  const [theme, nextTheme, dark] = useTheme();
  const [view, setView] = useState<View>({ lane: "urgent" });
  const [selected, setSelected] = useState<number | null>(null);
  const [reading, setReading] = useState(false);
  const [formatted, setFormatted] = useState(false);
  const [dialog, setDialog] = useState<"help" | "model" | null>(null);
  const [adding, setAdding] = useState(false);
  const [toast, setToast] = useState<Toast | null>(null);
  const searchField = useRef<HTMLInputElement>(null);
  const pages = useRows(view);
  const rows = rowsOf(pages.data);

  const say = useCallback((text: string, undo = false) => setToast({ text, undo }), []);
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
    setView(next);
    setSelected(null);
    setReading(false);
  }, []);

  const select = useCallback((id: number | null) => {
    setSelected(id);
    setFormatted(false);
  }, []);

  const label = useCallback(
    async (to: Label) => {
      if (selected === null) return;
      const id = selected;
      const leaves = "lane" in view && view.lane !== to;
      if (leaves) {
        select(neighbour(rows, id));
        client.setQueryData<Pages>(keys.rows(view), (old) => old && without(old, new Set([id])));
      }
      try {
        await ask({ kind: "label", ids: [id], label: to });
        say(t("toast.labelled", { lane: t(`lane.${to}`) }), true);
      } catch (error) {
        failed(error);
      }
      void client.invalidateQueries({ queryKey: ["rows"] });
      void client.invalidateQueries({ queryKey: keys.message(id) });
    },
    [client, failed, rows, say, select, selected, t, view],
  );

  const undo = useCallback(async () => {
    try {
      const { undone } = await ask({ kind: "undo" });
      say(undone ? t("toast.undone") : t("toast.nothing"));
      const first = undone?.rows[0];
      await client.invalidateQueries({ queryKey: ["rows"] });
      if (first) {
        void client.invalidateQueries({ queryKey: keys.message(first.id) });
        if ("lane" in view && view.lane === first.lane) select(first.id);
      }
    } catch (error) {
      failed(error);
    }
  }, [client, failed, say, select, t, view]);

  const move = useCallback(
    (by: number) => {
      const at = rows.findIndex((row) => row.id === selected);
      const next = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
      if (next) select(next.id);
    },
    [rows, select, selected],
  );

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const command = commandOf(event);
      if (!command || (dialog && command !== "close")) return;
      const lane = labelOf(command);
      const at = "lane" in view ? LANES.indexOf(view.lane) : 0;
      const to = (step: number) => show({ lane: LANES[(at + step + 4) % 4] ?? "urgent" });
      event.preventDefault();
      if (lane) void label(lane);
      else if (command === "next") move(1);
      else if (command === "previous") move(-1);
      else if (command === "open") setReading(true);
      else if (command === "undo") void undo();
      else if (command === "help") setDialog("help");
      else if (command === "search") searchField.current?.focus();
      else if (command === "next-lane") to(1);
      else if (command === "previous-lane") to(-1);
      else if (command === "formatted") setFormatted((on) => !on);
      else if (command === "sync") ask({ kind: "sync-now" }).catch(failed);
      else if (command === "close") {
        if (dialog) setDialog(null);
        else if (document.activeElement === searchField.current) searchField.current?.blur();
        else if (reading) setReading(false);
        else if ("search" in view) show({ lane: "urgent" });
      }
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [dialog, failed, label, move, reading, show, undo, view]);

  if (overview.isError) {
    return (
      <main className="welcome">
        <h1>{t("failedStart")}</h1>
        <p role="alert">{failureOf(overview.error).message}</p>
        <button type="button" onClick={() => void overview.refetch()}>{t("retry")}</button>
      </main>
    );
  }
  if (!overview.data) return <main className="welcome" aria-busy="true"><p>{t("loading")}</p></main>;
  const now = overview.data;
  const refresh = () => {
    setAdding(false);
    void client.invalidateQueries();
  };
  const empty = now.accounts.length === 0 && !now.sample && now.counts.every((count) => count.total === 0);
  const toastView = toast && (
    <div className="toast" role="status">
      <span>{toast.text}</span>
      {toast.undo && <button type="button" onClick={() => void undo()}>{t("toast.undo")}</button>}
    </div>
  );
  if (empty || adding) {
    return (
      <main className="welcome center">
        <Welcome keychain={now.keychain} onDone={refresh} onBack={adding ? () => setAdding(false) : undefined} />
        {toastView}
      </main>
    );
  }
  return (
    <div className={`app${reading ? " reading" : ""}`}>
      <Sidebar
        overview={now}
        view={view}
        theme={theme}
        onTheme={nextTheme}
        onLane={(lane) => show({ lane })}
        onModel={() => setDialog("model")}
        onHelp={() => setDialog("help")}
        onAdd={() => setAdding(true)}
        onChanged={refresh}
        onFailed={failed}
      />
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
      />
      <Reader
        id={selected}
        dark={dark}
        formatted={formatted}
        onFormatted={() => setFormatted(!formatted)}
        onLabel={(to) => void label(to)}
        onClose={() => setReading(false)}
      />
      {toastView}
      {dialog === "help" && <Help onClose={() => setDialog(null)} />}
      {dialog === "model" && <ModelDialog overview={now} onClose={() => setDialog(null)} onChanged={refresh} />}
    </div>
  );
}
