/** The sign of the house: several voices, one line. */
export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden>
      <rect width="32" height="32" rx="8" fill="#3b4cca" />
      <g fill="none" stroke="#fff" strokeWidth="2.4" strokeLinecap="round">
        <path d="M7 22V12l4.5 6L16 12v10" />
        <path d="M20 12v10M25 9v13" opacity=".75" />
      </g>
    </svg>
  );
}
