import { useEffect, useLayoutEffect, useRef } from "react";

/** So near to its end, in pixels, a page counts as read to its end. */
const NEAR = 80;

/**
 * Keeps the end of the page in sight while `content` grows, unless its reader scrolled away from it;
 * null while there is none.
 */
export function useFollow(content: object | null) {
  const follows = useRef(true);
  useEffect(() => {
    const look = () => {
      const { scrollHeight } = document.documentElement;
      follows.current = scrollHeight - window.scrollY - window.innerHeight < NEAR;
    };
    window.addEventListener("scroll", look, { passive: true });
    return () => window.removeEventListener("scroll", look);
  }, []);
  useLayoutEffect(() => {
    if (content !== null && follows.current)
      window.scrollTo({ top: document.documentElement.scrollHeight });
  }, [content]);
}
