import { Component, type ComponentType, type LazyExoticComponent, lazy, type ReactNode, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import type { PageName } from "../model/place";
import { Page, Placeholder } from "../ui/Page";
import type { PageProps } from "./page";

type Loaded = Promise<{ default: ComponentType<PageProps> }>;

const LOAD: Record<PageName, () => Loaded> = {
  rules: () => import("./rules/Rules"),
  relabel: () => import("./relabel/Relabel"),
  history: () => import("./history/History"),
  memory: () => import("./memory/Memory"),
  accuracy: () => import("./accuracy/Accuracy"),
  models: () => import("./models/Models"),
  settings: () => import("./settings/Settings"),
};

const loaded = new Map<PageName, LazyExoticComponent<ComponentType<PageProps>>>();

function pageOf(name: PageName): LazyExoticComponent<ComponentType<PageProps>> {
  const page = loaded.get(name) ?? lazy(LOAD[name]);
  loaded.set(name, page);
  return page;
}

/** A page, loaded when it is first opened. What breaks in it breaks it alone. */
export function PageFrame({ name, ...props }: PageProps & { name: PageName }) {
  const { t } = useTranslation();
  const [attempt, setAttempt] = useState(0);
  const Shown = pageOf(name);
  const again = () => {
    // A page that could not be loaded stays so until it is asked for anew.
    loaded.delete(name);
    setAttempt(attempt + 1);
  };
  return (
    <Boundary key={`${name} ${attempt}`} broken={<Broken title={t(`pages.${name}`)} onRetry={again} />}>
      <Suspense fallback={<Waiting title={t(`pages.${name}`)} />}>
        <Shown {...props} />
      </Suspense>
    </Boundary>
  );
}

function Waiting({ title }: { title: string }) {
  return <Page title={title} busy><Placeholder /></Page>;
}

function Broken({ title, onRetry }: { title: string; onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <Page title={title}>
      <div className="failed" role="alert">
        <p>{t("pages.broken")}</p>
        <button type="button" onClick={onRetry}>{t("retry")}</button>
      </div>
    </Page>
  );
}

export class Boundary extends Component<{ broken: ReactNode; children: ReactNode }, { broke: boolean }> {
  override state = { broke: false };

  static getDerivedStateFromError() {
    return { broke: true };
  }

  override render() {
    return this.state.broke ? this.props.broken : this.props.children;
  }
}
