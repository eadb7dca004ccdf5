import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type LanguageChoice, LANGUAGES, useLanguage } from "../../ui/language";
import { Section } from "../../ui/Page";

/** The computer's language, or one of those that there are, by its own name. */
export function LanguageSection() {
  const { t, i18n } = useTranslation();
  const [choice, choose] = useLanguage();
  const [failed, setFailed] = useState(false);
  const set = (choice: LanguageChoice) => {
    setFailed(false);
    choose(choice).catch(() => setFailed(true));
  };
  const each = (value: LanguageChoice, name: string, lang?: string) => (
    <label key={value} className="check">
      <input type="radio" name="language" checked={choice === value} onChange={() => set(value)} />
      <span lang={lang}>{name}</span>
    </label>
  );
  return (
    <Section title={t("settings.language.title")}>
      <div className="checks languages" role="radiogroup" aria-label={t("settings.language.title")}>
        {each("system", t("settings.language.system"))}
        {Object.entries(LANGUAGES).map(([language, name]) => each(language as LanguageChoice, name, language))}
      </div>
      {failed && <p className="error" role="alert">{t("settings.language.failed")}</p>}
      {i18n.resolvedLanguage !== "en" && <p className="soft">{t("settings.language.engine")}</p>}
    </Section>
  );
}
