/** Ten hues that stay apart in both schemes and for most eyes; what comes after is "Other". */
export const HUES = [
  "#5262d4", "#e07b39", "#2f9e7a", "#c2568f", "#b8942b", "#4aa3c7", "#8a63c9", "#c8553d", "#6b9a3c", "#7b8794",
]; // prettier-ignore
export const OTHER = "#a3a3ab";
export const MOST = HUES.length;

export const hue = (index: number): string => HUES[index] ?? OTHER;
