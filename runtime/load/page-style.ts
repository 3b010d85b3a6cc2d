/** The look of a load report's page: light and dark, lines that differ without their colours. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5d6b7c; --line: #d9dfe6; --paper: #fff; --band: #f4f6f8;
  --met: #1a7f64; --missed: #b4530f; --c0: #1f6feb; --c1: #b4530f; --c2: #1a7f64; --c3: #8250df; --c4: #9a6700; --c5: #bf3989; --c6: #0b7285; --c7: #57606a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf1; --soft: #9aa7b6; --line: #323d4a; --paper: #141a21; --band: #1b232c;
  --met: #4cc2a0; --missed: #f0a35e; --c0: #6cb0ff; --c1: #f0a35e; --c2: #4cc2a0; --c3: #c297ff; --c4: #e0b84c; --c5: #f58bc4; --c6: #5fd0e0; --c7: #aeb8c4; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 24px; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 18px; margin: 40px 0 8px; } h3 { font-size: 15px; margin: 24px 0 0; }
p { color: var(--soft); margin: 4px 0 12px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(120px, 1fr)); gap: 12px; margin: 20px 0; padding: 0; list-style: none; }
.cards li { background: var(--band); border-radius: 8px; padding: 10px 14px; }
.cards b { display: block; font-size: 20px; font-variant-numeric: tabular-nums; } .cards span { color: var(--soft); font-size: 13px; }
.warnings { border-left: 4px solid var(--missed); background: var(--band); padding: 8px 14px 8px 30px; margin: 20px 0; }
figure { margin: 0 0 28px; } svg { width: 100%; height: auto; display: block; font: 12px system-ui, sans-serif; }
svg text { fill: var(--soft); } svg text.x { text-anchor: middle; } svg text.y { text-anchor: end; font-variant-numeric: tabular-nums; }
svg .grid { stroke: var(--line); } svg .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
svg .dots circle { fill: transparent; } svg .dots circle:hover { fill: var(--ink); fill-opacity: 0.35; }
.l0 { stroke: var(--c0); } .l1 { stroke: var(--c1); stroke-dasharray: 7 3; } .l2 { stroke: var(--c2); stroke-dasharray: 2 3; }
.l3 { stroke: var(--c3); stroke-dasharray: 10 3 2 3; } .l4 { stroke: var(--c4); stroke-dasharray: 14 4; } .l5 { stroke: var(--c5); stroke-dasharray: 4 4; }
.l6 { stroke: var(--c6); stroke-dasharray: 1 4; } .l7 { stroke: var(--c7); stroke-dasharray: 12 3 2 3 2 3; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; list-style: none; margin: 6px 0; padding: 0; font-size: 13px; }
.legend li { display: flex; align-items: center; gap: 8px; } .legend .key { width: 32px; height: 8px; }
.bar { display: flex; height: 16px; border-radius: 4px; overflow: hidden; background: var(--line); margin: 8px 0 12px; }
.bar i { display: block; } .bar .ok { background: var(--met); } .bar .failed { background: var(--missed); } .bar .open { background: var(--soft); }
details { margin: 6px 0; font-size: 13px; } summary { cursor: pointer; color: var(--soft); }
.table { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding: 6px 0; } th, td { text-align: right; padding: 4px 8px; border-bottom: 1px solid var(--line); }
th { font-weight: 600; } thead th { color: var(--soft); } th[scope="row"], thead th:first-child { text-align: left; overflow-wrap: anywhere; }
.met { color: var(--met); } .missed { color: var(--missed); }
`;
