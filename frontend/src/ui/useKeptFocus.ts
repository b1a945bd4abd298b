import { useLayoutEffect, useRef } from "react";

/** Keeps the focus near when the row that had it goes: else it would be at the page's begin. */
export function useKeptFocus(rows: unknown) {
  const frame = useRef<HTMLDivElement>(null);
  const within = useRef(false); // a removed element tells nobody that it lost the focus
  useLayoutEffect(() => {
    if (!within.current || document.activeElement !== document.body) return;
    within.current = false;
    (frame.current ?? document.getElementById("main"))?.focus({ preventScroll: true });
  }, [rows]);
  return {
    ref: frame,
    onFocus: () => {
      within.current = true;
    },
    onBlur: () => {
      within.current = false;
    },
  };
}
