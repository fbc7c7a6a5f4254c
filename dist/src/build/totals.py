# SPDX-License-Identifier: Apache-2.0
"""Sums up surefire's XML reports below a directory.

Prints each failed test, each skipped test with its reason, and at the end, alone on a line,
"N passed, N failed, N skipped". Exits with 0 only where tests ran and none failed.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def first_line(text):
    lines = (text or "").strip().splitlines()
    return lines[0] if lines else "no reason given"


def reason(skipped):
    text = skipped.get("message") or first_line(skipped.text)
    for prefix in ("org.opentest4j.TestAbortedException: ", "Assumption failed: "):
        text = text.removeprefix(prefix)
    return first_line(text)


def main(root):
    passed, failed, skipped = 0, [], []
    for report in sorted(pathlib.Path(root).glob("**/target/surefire-reports/TEST-*.xml")):
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            name = f"{case.get('classname', '').rpartition('.')[2]}.{case.get('name')}"
            trouble = case.find("failure")
            trouble = case.find("error") if trouble is None else trouble
            aborted = case.find("skipped")
            if trouble is not None:
                failed.append((name, first_line(trouble.get("message") or trouble.text)))
            elif aborted is not None:
                skipped.append((name, reason(aborted)))
            else:
                passed += 1
    for name, why in failed:
        print(f"failed: {name}: {why}")
    for name, why in skipped:
        print(f"skipped: {name}: {why}")
    print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
