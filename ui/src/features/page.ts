// What a page is given, and how it hears of keys.
import { createContext, type RefObject, useContext, useEffect } from "react";
import type { Overview } from "../gen/Overview";
import type { Command } from "../keys/registry";
import type { PageName } from "../model/place";
import type { Theme } from "../ui/theme";

export interface PageProps {
  overview: Overview;
  theme: Theme;
  onTheme: (theme: Theme) => void;
  /** Opens a message in the reader beside the page. */
  onRead: (id: number) => void;
  /** Says something in passing; with `undo`, a button that takes it back. */
  onSay: (text: string, undo?: () => Promise<unknown>) => void;
  onFailed: (error: unknown) => void;
  onAddAccount: () => void;
  onHelp: () => void;
  onPage: (page: PageName | null) => void;
  /** Everything that frames the window may have changed. */
  onChanged: () => void;
}

/** Does what a command means on this page; `false` if it means nothing here. */
export type Obey = (command: Command) => boolean;

export const PageCommands = createContext<RefObject<Obey | null>>({ current: null });

/** Hears the commands of the registry while the page is shown. */
export function usePageCommands(obey: Obey) {
  const commands = useContext(PageCommands);
  useEffect(() => {
    commands.current = obey;
    return () => {
      if (commands.current === obey) commands.current = null;
    };
  }, [commands, obey]);
}
