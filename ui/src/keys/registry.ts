// One registry of keys: what listens, what the help shows and what the palette offers are drawn from it.
import type { Label } from "../gen/Label";
import type { PageName } from "../model/place";

export const LANES: Label[] = ["urgent", "task", "needs-human", "notification"];

export type Command =
  | "next"
  | "previous"
  | "open"
  | "close"
  | "label-1"
  | "label-2"
  | "label-3"
  | "label-4"
  | "undo"
  | "search"
  | "help"
  | "next-lane"
  | "previous-lane"
  | "formatted"
  | "sync"
  | "like"
  | "make-rule"
  | "always"
  | "rule-up"
  | "rule-down"
  | "toggle"
  | "extend-down"
  | "extend-up"
  | "select-all"
  | "palette"
  | "go-mail"
  | `go-${PageName}`;

export interface Key {
  /** As in `KeyboardEvent.key`, with `Alt+` where that is held, `Shift+` where it is held with an arrow, and `Ctrl+`,
   * which is the command key on a Mac; several with blanks between them are pressed one after another. */
  keys: string[];
  command: Command;
  /** The one place where it means something, if it is but one. */
  where?: "mail" | PageName;
  /** It is about a message. */
  message?: boolean;
}

export const KEYS: Key[] = [
  { keys: ["Ctrl+k"], command: "palette" },
  { keys: ["j", "ArrowDown"], command: "next", where: "mail" },
  { keys: ["k", "ArrowUp"], command: "previous", where: "mail" },
  { keys: ["Enter", "o"], command: "open", where: "mail", message: true },
  { keys: ["Escape"], command: "close" },
  { keys: ["x"], command: "toggle", where: "mail", message: true },
  { keys: ["Shift+ArrowDown"], command: "extend-down", where: "mail", message: true },
  { keys: ["Shift+ArrowUp"], command: "extend-up", where: "mail", message: true },
  { keys: ["Ctrl+a"], command: "select-all", where: "mail", message: true },
  { keys: ["1"], command: "label-1", message: true },
  { keys: ["2"], command: "label-2", message: true },
  { keys: ["3"], command: "label-3", message: true },
  { keys: ["4"], command: "label-4", message: true },
  { keys: ["u"], command: "undo" },
  { keys: ["/"], command: "search", where: "mail" },
  { keys: ["]", "l"], command: "next-lane", where: "mail" },
  { keys: ["[", "h"], command: "previous-lane", where: "mail" },
  { keys: ["f"], command: "formatted", message: true },
  { keys: ["r"], command: "sync" },
  { keys: ["m"], command: "like", message: true },
  { keys: ["n"], command: "make-rule", message: true },
  { keys: ["a"], command: "always", message: true },
  { keys: ["Alt+ArrowUp"], command: "rule-up", where: "rules" },
  { keys: ["Alt+ArrowDown"], command: "rule-down", where: "rules" },
  { keys: ["g i"], command: "go-mail" },
  { keys: ["g u"], command: "go-rules" },
  { keys: ["g r"], command: "go-relabel" },
  { keys: ["g h"], command: "go-history" },
  { keys: ["g m"], command: "go-memory" },
  { keys: ["g a"], command: "go-accuracy" },
  { keys: ["g l"], command: "go-models" },
  { keys: ["g s"], command: "go-settings" },
  { keys: ["?"], command: "help" },
];

const NAMES: Partial<Record<Command, string>> = {
  close: "help.close_",
  toggle: "select.toggle",
  "extend-down": "select.extendDown",
  "extend-up": "select.extendUp",
  "select-all": "select.all",
  palette: "palette.title",
};

/** The key of the words that say what a command does. */
export const nameOf = (command: Command): string => NAMES[command] ?? `help.${command}`;

/** What begins a sequence of two keys. */
const FIRST = new Set(KEYS.flatMap((key) => key.keys).flatMap((keys) => (keys.includes(" ") ? [keys.split(" ")[0]] : [])));

/** How long the second key of a sequence is waited for, in milliseconds. */
export const SECOND_WITHIN = 1500;

interface Pressed {
  key: string;
  /** Which key of the keyboard it is, whatever stands on it: as in `KeyboardEvent.code`. */
  code?: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey?: boolean;
  target: EventTarget | null;
}

/**
 * The key as the registry names it. Keyboards of other scripts have no Latin letters, and some (French, Thai) give
 * digits only with Shift: there the place of the key counts.
 */
export function keyOf({ key, code = "", shiftKey = false }: Pick<Pressed, "key" | "code" | "shiftKey">): string {
  const [, digit] = /^Digit([1-4])$/.exec(code) ?? [];
  if (digit && !shiftKey) return digit;
  const [, letter] = /^Key([A-Z])$/.exec(code) ?? [];
  const foreign = /^[^\p{ASCII}]+$/u.test(key);
  return letter && foreign && !shiftKey ? letter.toLowerCase() : key;
}

/** Inputs that take no text: keys mean there what they mean elsewhere. */
const NO_TEXT = ["checkbox", "radio", "button", "submit", "range"];

/** Whether keys are text there. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !NO_TEXT.includes(target.type);
  return target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName);
}

const isModified = (event: Pressed) => event.ctrlKey || event.metaKey || event.altKey;

/** Whether the key begins a sequence: then the next one is asked about together with it. */
export function isFirst(event: Pressed): boolean {
  return !isModified(event) && !isTyping(event.target) && FIRST.has(keyOf(event));
}

/** What was pressed, as the registry writes it; empty for what it never holds. */
function pressedAs(event: Pressed, first: string): string {
  const key = keyOf(event);
  if (event.ctrlKey || event.metaKey) return event.altKey || event.shiftKey ? "" : `Ctrl+${key.toLowerCase()}`;
  if (event.altKey) return `Alt+${key}`;
  // With other keys it is part of what they write.
  if (event.shiftKey && key.startsWith("Arrow")) return `Shift+${key}`;
  return first ? `${first} ${key}` : key;
}

/** The command of a pressed key, after `first` if that began a sequence; none while the user types, except to
 * leave and to look for commands. */
export function commandOf(event: Pressed, first = ""): Command | null {
  const found = KEYS.find((key) => key.keys.includes(pressedAs(event, first)));
  if (!found) return null;
  if (isTyping(event.target)) return found.command === "close" || found.command === "palette" ? found.command : null;
  // What has the focus has its own meaning of Enter.
  if (event.key === "Enter" && event.target instanceof HTMLElement && event.target.matches("button, input, summary, a")) {
    return null;
  }
  return found.command;
}

export function labelOf(command: Command): Label | null {
  const match = /^label-([1-4])$/.exec(command);
  return match ? (LANES[Number(match[1]) - 1] ?? null) : null;
}
