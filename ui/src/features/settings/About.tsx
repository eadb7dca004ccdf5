import { useTranslation } from "react-i18next";
import type { Overview } from "../../gen/Overview";
import { Section } from "../../ui/Page";

/** Which version this is, and what it promises. */
export function About({ overview, onHelp }: { overview: Overview; onHelp: () => void }) {
  const { t } = useTranslation();
  const away = overview.models.find((model) => model.inUse)?.endpoint;
  return (
    <Section title={t("settings.about.title")}>
      <p>{t("settings.about.version", { version: overview.version })}</p>
      <p className="soft">{away ? t("endpoint.promise", { url: away }) : t("settings.about.promise")}</p>
      <button type="button" onClick={onHelp}>{t("settings.about.keys")} <kbd>?</kbd></button>
    </Section>
  );
}
