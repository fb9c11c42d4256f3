"""Rego expressions for the comparison with OPA."""

from __future__ import annotations

INPUT = {
    "s": "abc",
    "n": 5,
    "f": 1.5,
    "l": ["1", "a", "3"],
    "o": {"a": 1, "b": {"c": [1, 2]}},
    "z": 0,
    "t": True,
    "nul": None,
    "e": [],
    "u": "héllo",
    "big": 12345678901234567890,
}

#: Some of them fail when they are evaluated.
EXPRESSIONS = r"""
to_number(input.s)
1 / input.z
input.n % input.z
input.n % 2
input.f % 2
count(input.n)
count(input.s)
count(input.u)
input.s + 1
input.s - 1
{1,2} - {1}
{1} | {2}
{1,2} & {2}
startswith(input.n, "a")
startswith(input.s, "a")
lower(input.n)
upper(input.u)
sprintf("%d items", [input.s])
sprintf("%d items", [input.f])
sprintf("%s %s", ["a"])
sprintf("%s", ["a", 1, 2.5])
sprintf("%v", [input.o])
sprintf("%v", [[input.s, input.n, true, null]])
sprintf("%v %s", [{1,"a"}, {2}])
sprintf("%t", [true])
sprintf("%T %T %T", [1, "a", 1.5])
sprintf("%-5s|", ["ab"])
sprintf("%5d|%05d|%+d", [3, 42, 7])
sprintf("%e", [1.5])
sprintf("%.2f", [1.005])
sprintf("%x", [255])
sprintf("%q", ["a\"b"])
sprintf("%", [])
sprintf("100%", [])
sprintf("%%", [])
sprintf("%v %v %v", [null, true, false])
sprintf("%v", [set()])
sprintf("%v", [[]])
sprintf("%v", [{}])
sprintf("%s", [input.n])
sprintf("%v", [input.f])
sprintf("%v", [input.big])
sprintf("%v", [100.0])
sprintf("%v", [0.000001])
sprintf(input.n, [1])
regex.match("(", input.s)
regex.match("^a.c$", input.s)
regex.match("a", input.n)
json.unmarshal("{")
base64.decode("!!")
base64.decode("aGk=")
time.parse_rfc3339_ns("nope")
time.parse_rfc3339_ns("2020-01-01T00:00:00Z")
units.parse("12x")
units.parse_bytes("1Ki")
units.parse("100m")
concat(",", input.l)
concat(",", {"b","a"})
concat(",", set())
split(input.s, "b")
split(input.n, "b")
substring(input.s, 1, 1)
substring(input.s, -1, 1)
substring(input.u, 1, 2)
indexof(input.u, "l")
max(input.l)
min([])
max([1,"a",null])
sum([1,2.5])
product([2,3])
sort([3,1,2])
sort({3,1})
array.slice([1,2,3], 1, 5)
array.concat([1],[2])
object.get(input.o, "a", 0)
object.get(input.o, ["b","c",0], 0)
object.get(input.n, "a", 0)
object.keys(input.o)
object.remove(input.o, ["a"])
object.union({"a":1},{"b":2})
union({{1},{2}})
intersection({{1,2},{2}})
abs(-3)
ceil(1.2)
round(2.5)
round(-2.5)
floor(-1.5)
format_int(10, 2)
format_int(1.9, 10)
type_name(input.o)
is_number(input.s)
trim(" a ", " ")
trim_space(" a ")
trim_prefix("abc","a")
replace("aaa","a","b")
strings.reverse(input.u)
numbers.range(1,3)
net.cidr_contains("10.0.0.0/8","10.1.2.3")
net.cidr_contains("x","10.1.2.3")
semver.compare("1.2.3","1.2.4")
semver.compare("x","1.2.4")
semver.is_valid("1.0.0")
glob.match("*.com", ["."], "a.com")
glob.match("*", null, "a.b")
yaml.unmarshal("a: 1")
yaml.unmarshal("a: [")
json.marshal(input.o)
json.marshal({1,2})
hex.encode("a")
urlquery.encode("a b")
contains(input.s, "b")
contains(input.l, "b")
endswith(input.s, "c")
[x | x := to_number(input.l[_])]
{x: y | x := input.l[_]; y := to_number(x)}
count([1 | 1/input.z])
input.n * 2.5
input.n / 2
1 / 3
input.big + 1
-input.n
to_number("")
to_number(null)
to_number(true)
to_number("0x10")
bits.and(5,3)
[p | [p, v] := walk(input.o); v == 1]
3 - -input.n
(input.n + 2) * (3 - 1) / 2
[input.n+1, -1, {"x"} | {"y"}]
startswith("a}", "a") == true
graph.reachable({"a":["b"],"b":[]},["a"])
json.patch({"a":1},[{"op":"add","path":"b","value":2}])
json.patch({"a":1},[{"op":"remove","path":"zz"}])
strings.any_prefix_match("abc",["a"])
input.l[5]
regex.split("b", input.s)
regex.replace(input.s,"b","x")
regex.find_n("[a-z]", input.s, 2)
time.clock(0)
time.weekday(0)
time.date(0)
time.add_date(0,1,1,1)
time.format(0)
time.diff(0, 100000000000)
object.filter(input.o,["a"])
json.filter(input.o,["b/c"])
indexof("abc","z")
uuid.parse("x")
sprintf("%v", [1e21])
sprintf("%d", [1e6])
json.unmarshal("[2.0]")
0.1 + 0.2
100000000000000000000 + 1
to_number("80.0")
to_number("1e3")
to_number(" 1")
crypto.sha256("a")
io.jwt.decode(input.s)
any([true])
re_match("a", input.s)
trim_left("aab","a")
""".strip().splitlines()

#: OPA's type checker refuses a module with one of these.
REFUSED_BY_OPA = [
    '"a" + 1',
    "[1] | [2]",
    'sprintf("%s", "notarray")',
    'concat(",", [1])',
    'sum([1,"a"])',
    "array.concat([1], 2)",
    'abs("x")',
    '"a" + input.n',
]
