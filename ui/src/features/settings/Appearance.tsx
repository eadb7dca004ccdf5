import { useTranslation } from "react-i18next";
import { Section } from "../../ui/Page";
import { type Theme, THEMES } from "../../ui/theme";

/** Light, dark, or as the computer has it. */
export function Appearance({ theme, onTheme }: { theme: Theme; onTheme: (theme: Theme) => void }) {
  const { t } = useTranslation();
  return (
    <Section title={t("settings.appearance.title")}>
      <div className="checks" role="radiogroup" aria-label={t("settings.appearance.title")}>
        {THEMES.map((each) => (
          <label key={each} className="check">
            <input type="radio" name="theme" checked={theme === each} onChange={() => onTheme(each)} />
            <span>{t(`settings.appearance.${each}`)}</span>
          </label>
        ))}
      </div>
    </Section>
  );
}
