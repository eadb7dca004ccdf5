// Which language the interface speaks: the one that the user has chosen, else the first of the computer's languages
// that there is, else English. What it says is in `locales`; what the engine says comes in English.
import { useCallback, useSyncExternalStore } from "react";
import i18next from "./strings";

/** Each by its own name, so that it is found by whoever cannot read the present one. */
export const LANGUAGES = {
  en: "English",
  de: "Deutsch",
  fr: "Français",
  it: "Italiano",
  pt: "Português",
  hi: "हिन्दी",
  es: "Español",
  th: "ไทย",
} as const;

export type Language = keyof typeof LANGUAGES;
export type LanguageChoice = Language | "system";

type Strings = { default: object };

/** Loaded when they are spoken. English is always there, so that something can be said if a file cannot be loaded. */
const LOAD: Record<Exclude<Language, "en">, () => Promise<Strings>> = {
  de: () => import("../locales/de.json"),
  fr: () => import("../locales/fr.json"),
  it: () => import("../locales/it.json"),
  pt: () => import("../locales/pt.json"),
  hi: () => import("../locales/hi.json"),
  es: () => import("../locales/es.json"),
  th: () => import("../locales/th.json"),
};

const KEY = "mailroom.language";

const isLanguage = (name: string | null | undefined): name is Language => name != null && Object.hasOwn(LANGUAGES, name);

/** `de` of `de-CH`. */
const languageOf = (tag: string) => tag.toLowerCase().split("-")[0];

/** Whether numbers and dates can be written by it: not all that a computer is set to is well formed. */
function isTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}

/** What the user has chosen. */
export function chosenLanguage(): LanguageChoice {
  const kept = localStorage.getItem(KEY);
  return isLanguage(kept) ? kept : "system";
}

/**
 * The tag to speak and to write numbers and dates by. `tags` are the computer's, most wanted first: its region is kept
 * where the language is the same, so that German in Switzerland has Swiss numbers.
 */
export function tagFor(choice: LanguageChoice, tags: readonly string[]): string {
  const spoken = (tag: string) => (choice === "system" ? isLanguage(languageOf(tag)) : languageOf(tag) === choice);
  const found = tags.find((tag) => spoken(tag) && isTag(tag));
  return found ?? (choice === "system" ? "en" : choice);
}

const tags = () => (navigator.languages.length > 0 ? navigator.languages : [navigator.language]);

/** Counts what was asked for: a file that comes after another choice was made is not spoken. */
let asked = 0;

/** Gives whether it is what was asked for last. */
async function speak(choice: LanguageChoice): Promise<boolean> {
  asked += 1;
  const at = asked;
  const tag = tagFor(choice, tags());
  const language = languageOf(tag);
  if (isLanguage(language) && language !== "en" && !i18next.hasResourceBundle(language, "translation")) {
    i18next.addResourceBundle(language, "translation", (await LOAD[language]()).default);
  }
  if (at !== asked) return false;
  await i18next.changeLanguage(tag);
  return at === asked;
}

i18next.on("languageChanged", (tag: string) => {
  document.documentElement.lang = tag;
  document.documentElement.dir = i18next.dir(tag);
});

/** Before anything is shown, so that nothing is shown in another language first. */
export async function startLanguage(): Promise<void> {
  window.addEventListener("languagechange", () => {
    if (chosenLanguage() === "system") void speak("system").catch(() => {});
  });
  // English, which is there, is better than nothing at all.
  await speak(chosenLanguage()).catch(() => i18next.changeLanguage("en"));
}

const ears = new Set<() => void>();

function onChoice(changed: () => void): () => void {
  ears.add(changed);
  return () => void ears.delete(changed);
}

/** The choice, and how to make another. It rejects, and leaves all as it is, if the language could not be loaded. */
export function useLanguage(): [LanguageChoice, (choice: LanguageChoice) => Promise<void>] {
  const choice = useSyncExternalStore(onChoice, chosenLanguage);
  const choose = useCallback(async (choice: LanguageChoice) => {
    if (!(await speak(choice))) return;
    localStorage.setItem(KEY, choice);
    for (const ear of ears) ear();
  }, []);
  return [choice, choose];
}
