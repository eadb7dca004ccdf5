import { Bell, CircleAlert, ListTodo, UserRound } from "lucide-react";
import type { Label } from "../gen/Label";

const ICONS = { urgent: CircleAlert, task: ListTodo, "needs-human": UserRound, notification: Bell };

export function LaneIcon({ lane, size = 16 }: { lane: Label; size?: number }) {
  const Icon = ICONS[lane];
  return <Icon className={`lane-icon ${lane}`} size={size} aria-hidden />;
}
