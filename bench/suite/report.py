"""Shows results: a table for a terminal or a page, and a chart."""

import html
import math
import pathlib
import re

BEGIN, END = '<!-- bench: begin -->', '<!-- bench: end -->'


def amount(value, unit):
    """Three digits in the unit that fits."""
    steps = [('ns', 1), ('us', 1e3), ('ms', 1e6), ('s', 1e9)]
    nanos = value * dict(steps)[unit]
    name, size = [step for step in steps if step[1] <= max(nanos, 1)][-1]
    scaled = nanos / size
    digits = max(0, 2 - int(math.floor(math.log10(scaled)))) if scaled > 0 else 2
    return f'{scaled:.{digits}f} {name}'


def ratio(value):
    return f'{value:.2f}' if value < 10 else f'{value:.1f}'


def goal(result):
    if result['limit'] is not None:
        return f"≤ {result['limit']:g} ms"
    return f"≥ {result['target']:g}" if result['target'] is not None else ''


def row(result):
    """Cells: workload, guest, ours, qemu, native, ratio, spread, goal, met."""
    cells = [result['workload'], result['guest']]
    if 'failure' in result:
        return cells + ['failed: ' + result['failure'], '', '', '', '', goal(result), 'no']
    median = result['median']
    cells += [amount(median[side], result['unit']) if side in median else ''
              for side in ('ours', 'qemu', 'native')]
    spread = result.get('ratio')
    cells += [ratio(spread['median']), f"{ratio(spread['min'])}..{ratio(spread['max'])}"] if spread else ['', '']
    met = result.get('met')
    return cells + [goal(result), '' if met is None else 'yes' if met else 'no']


HEAD = ['workload', 'guest', 'Vestibule', 'qemu-user', 'native', 'ratio', 'spread', 'aim', 'met']


def text(results):
    """For a terminal: columns aligned."""
    rows = [HEAD] + [row(result) for result in results]
    widths = [max(len(r[i]) for r in rows if not (i == 2 and r[2].startswith('failed')))
              for i in range(len(HEAD))]
    lines = []
    for cells in rows:
        line = '  '.join(c.ljust(w) if i < 2 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths)))
        lines.append(line.rstrip())
    return '\n'.join(lines) + '\n'


def about(data):
    machine = data['host']
    return (f"{data['when']}, {machine['processors']} x {machine['processor']}, load {machine['load']} at the "
            f"start; Vestibule {data['commit']}, `--engine {data['engine']}`; {data['qemu']}; "
            f"rounds: {data['rounds']}.")


def markdown(data):
    lines = [about(data), '', '| ' + ' | '.join(HEAD) + ' |', '|' + '---|' * len(HEAD)]
    lines += ['| ' + ' | '.join(cell.replace('|', '\\|') for cell in row(r)) + ' |' for r in data['results']]
    return '\n'.join(lines) + '\n' + memory(data)


def memory(data):
    """The most memory that hello's process had."""
    lines = []
    for r in data['results']:
        if r['workload'] == 'hello' and 'failure' not in r:
            sizes = [f'{name} {max(r["resident"][side]) / 2 ** 20:.0f} MiB'
                     for side, name in (('ours', 'Vestibule'), ('qemu', 'qemu-user')) if side in r['resident']]
            lines.append(f'{r["guest"]}: {", ".join(sizes)}')
    return f'\nPeak memory of hello: {"; ".join(lines)}.\n' if lines else ''


# ---- the chart

LABEL, WIDTH, BAR, GAP, TOP = 190, 560, 13, 5, 46
COLOURS = {'ppc': '#b45309', 'ppc64': '#1d4ed8', 'ppc64le': '#047857'}


def chart(data):
    """Ratios to qemu-user on a logarithmic scale: bars, their spread, the aim as a tick."""
    shown = [r for r in data['results'] if 'ratio' in r]
    low = min([0.1] + [r['ratio']['min'] for r in shown])
    high = max([4] + [r['ratio']['max'] for r in shown] + [r['target'] or 1 for r in shown])
    low, high = math.floor(math.log2(low)), math.ceil(math.log2(high))

    def x(value):
        return LABEL + (math.log2(value) - low) / (high - low) * WIDTH

    height = TOP + len(shown) * (BAR + GAP) + 24
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABEL + WIDTH + 70}" height="{height}" '
           'font-family="sans-serif" font-size="11">',
           '<rect width="100%" height="100%" fill="#ffffff"/>',
           '<text x="8" y="16" font-size="13">Speed relative to qemu-user (logarithmic; '
           'right of 1: Vestibule is faster)</text>']
    for i, (guest, colour) in enumerate(COLOURS.items()):
        out.append(f'<rect x="{8 + i * 80}" y="25" width="10" height="10" fill="{colour}"/>'
                   f'<text x="{22 + i * 80}" y="34">{guest}</text>')
    out.append('<text x="250" y="34" fill="#444444">thin line: spread; tick: aim</text>')
    for power in range(low, high + 1):
        at = x(2.0 ** power)
        label = str(2 ** power) if power >= 0 else f'1/{2 ** -power}'
        stroke = '#000000' if power == 0 else '#dddddd'
        out.append(f'<line x1="{at:.1f}" y1="{TOP - 4}" x2="{at:.1f}" y2="{height - 18}" stroke="{stroke}"/>'
                   f'<text x="{at:.1f}" y="{height - 6}" text-anchor="middle">{label}</text>')
    for i, r in enumerate(shown):
        out += _bar(r, x, TOP + i * (BAR + GAP))
    return '\n'.join(out) + '\n</svg>\n'


def _bar(r, x, y):
    middle, spread = y + BAR / 2, r['ratio']
    begin, end = sorted((x(1), x(spread['median'])))
    parts = [
        f'<text x="{LABEL - 8}" y="{y + 10}" text-anchor="end">{html.escape(r["workload"])}, {r["guest"]}</text>',
        f'<rect x="{begin:.1f}" y="{y}" width="{max(end - begin, 1):.1f}" height="{BAR}" '
        f'fill="{COLOURS.get(r["guest"], "#666666")}"/>',
        f'<line x1="{x(spread["min"]):.1f}" y1="{middle}" x2="{x(spread["max"]):.1f}" y2="{middle}" '
        'stroke="#000000"/>',
        f'<text x="{x(max(spread["max"], r["target"] or 1, 1)) + 5:.1f}" y="{y + 10}">{ratio(spread["median"])}</text>']
    if r['target'] is not None:
        at = x(r['target'])
        parts.append(f'<line x1="{at:.1f}" y1="{y - 2}" x2="{at:.1f}" y2="{y + BAR + 2}" stroke="#dc2626" '
                     'stroke-width="2"/>')
    return parts


def publish(data, page, picture):
    """Puts the table between the page's two marks and writes the picture beside it."""
    page, picture = pathlib.Path(page), pathlib.Path(picture)
    picture.write_text(chart(data))
    block = f'{BEGIN}\n{markdown(data)}\n![Speed relative to qemu-user]({picture.name})\n{END}'
    text_now = page.read_text()
    pattern = re.compile(re.escape(BEGIN) + '.*?' + re.escape(END), re.S)
    if not pattern.search(text_now):
        raise ValueError(f'{page}: no lines {BEGIN} and {END}')
    page.write_text(pattern.sub(lambda _: block, text_now))
