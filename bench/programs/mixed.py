"""Fixed work for python3, as scripts do it: numbers, texts, tables, objects, generators, regular expressions."""
import json
import re
import sys
import zlib


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def moved(self, by):
        return Point(self.x + by, self.y * 3 % 1009)


def primes(limit):
    sieve = bytearray([1]) * limit
    for i in range(2, limit):
        if sieve[i]:
            yield i
            for k in range(i * i, limit, i):
                sieve[k] = 0


def once(seed):
    total = sum(primes(12000))
    words = [f'w{(seed + i * 7919) % 1500:x}' for i in range(12000)]
    counts = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    total += sum(len(word) * count for word, count in sorted(counts.items())[:400])
    points = [Point(i, i) for i in range(300)]
    for step in range(20):
        points = [point.moved(step) for point in points]
    total += sum(point.x ^ point.y for point in points)
    text = json.dumps({'words': words[:2000], 'numbers': [i / 7 for i in range(2000)]})
    total += len(json.loads(text)['numbers']) + len(re.findall(r'w[0-9a-f]*[a-f]"', text))
    total += zlib.crc32(text.encode())
    for i in range(40):
        total += pow(3, 2000 + i, 10 ** 60 + 7) % 97
    return total


print(sum(once(seed) for seed in range(int(sys.argv[1]))))
