import assert from "node:assert/strict";
import { test } from "node:test";
import { groupsToJoin } from "./control-groups.ts";

const second = "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
const first = `40 24 0:30 / /sys/fs/cgroup/cpu,cpuacct rw shared:10 master:2 - cgroup cgroup rw,cpu,cpuacct
41 24 0:31 / /sys/fs/cgroup/my\\040pids rw - cgroup cgroup rw,pids
42 24 0:32 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
`;

test("with version 2 there is one group", () => {
  assert.deepEqual(groupsToJoin("0::/system.slice/docker-a.scope\n", "0::/user.slice\n", second), {
    files: ["/sys/fs/cgroup/system.slice/docker-a.scope/cgroup.procs"],
    missing: [],
  });
});

test("with version 1 there is one for each hierarchy, found by its controllers or its name", () => {
  const theirs = "5:cpuacct,cpu:/docker/a\n4:pids:/docker/a\n1:name=systemd:/docker/a\n";
  assert.deepEqual(groupsToJoin(theirs, "5:cpuacct,cpu:/\n4:pids:/\n1:name=systemd:/\n", first), {
    files: [
      "/sys/fs/cgroup/cpu,cpuacct/docker/a/cgroup.procs",
      "/sys/fs/cgroup/my pids/docker/a/cgroup.procs",
      "/sys/fs/cgroup/systemd/docker/a/cgroup.procs",
    ],
    missing: [],
  });
});

test("a group that is ours too is left alone, though its hierarchy is not mounted", () => {
  assert.deepEqual(groupsToJoin("7:hugetlb:/\n4:pids:/docker/a\n", "7:hugetlb:/\n4:pids:/\n", first), {
    files: ["/sys/fs/cgroup/my pids/docker/a/cgroup.procs"],
    missing: [],
  });
});

test("what is mounted from below the root of a hierarchy is found there, and what is not below it is missing", () => {
  const mounts = "30 24 0:26 /docker/b /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
  assert.deepEqual(groupsToJoin("0::/docker/b/inner/x\n", "0::/docker/b\n", mounts), {
    files: ["/sys/fs/cgroup/inner/x/cgroup.procs"],
    missing: [],
  });
  for (const line of ["0::/docker/bee", "0::/", "0::/../a", "9:devices:/docker/b"]) {
    assert.deepEqual(groupsToJoin(`${line}\n`, "0::/docker/b\n", mounts), { files: [], missing: [line] });
  }
});

test("a colon in a group's name is part of it", () => {
  assert.deepEqual(groupsToJoin("0::/a:b\n", "", second).files, ["/sys/fs/cgroup/a:b/cgroup.procs"]);
});
