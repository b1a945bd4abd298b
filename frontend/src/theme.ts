import { Alert, Anchor, Badge, createTheme, type MantineColorsTuple } from "@mantine/core";

const voice: MantineColorsTuple = [
  "#eef0fc", "#dadef6", "#b3bbec", "#8a96e2", "#6876d9", "#5262d4", "#4453cd", "#3b4cca", "#3040a6", "#26338a",
]; // prettier-ignore

export const theme = createTheme({
  primaryColor: "voice",
  primaryShade: { light: 7, dark: 5 },
  colors: { voice },
  autoContrast: true,
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', Menlo, 'Liberation Mono', monospace",
  components: {
    Alert: Alert.extend({ styles: { title: { color: "var(--mantine-color-text)" } } }),
    Anchor: Anchor.extend({ defaultProps: { c: "var(--link)" } }),
    // Never cut, not even in a narrow column.
    Badge: Badge.extend({
      defaultProps: { tt: "none", fw: 500 },
      styles: { root: { minWidth: "max-content" } },
    }),
  },
  headings: {
    fontWeight: "600",
    sizes: { h1: { fontSize: "1.5rem" }, h2: { fontSize: "1.0625rem" } },
  },
});
