#!/usr/bin/env bash
# Runs a Slurm cluster on this machine, to try slurm/*.sbatch without a real one: loopback only, no systemd, no cgroups, all
# state in one folder. Each node is a slurmd with its own host name and four GPUs that do not really exist.
#   tools/slurm_dev.sh start DIR [NODES]    NODES: number of nodes (default 1)
#   eval "$(tools/slurm_dev.sh env DIR)"    makes sinfo, sbatch, srun and scancel of this shell use it
#   tools/slurm_dev.sh stop DIR             ends its jobs and daemons; their logs stay in DIR
#   WHILE=PID tools/slurm_dev.sh start …    stops by itself when process PID has ended: for tests, which may be killed
set -euo pipefail

# Slurm's daemons are in sbin, which may be missing in a user's PATH.
PATH=$PATH:/usr/sbin:/sbin

say() { printf 'slurm_dev: %s\n' "$*" >&2; }
die() { say "$@"; exit 2; }
usage() { sed -n '2,/^set/{s/^# \{0,1\}//;/^set/!p}' "$0" >&2; exit 2; }

# free_ports COUNT: prints free TCP ports on the loopback interface.
free_ports() {
  python3 - "$1" <<'END_PYTHON'
import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for one in sockets:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in sockets))
END_PYTHON
}

# with_host_name NAME HOSTS COMMAND…: runs a command with another host name and /etc/hosts. This needs root; other users become
# root in a user namespace, if the kernel allows it, and themselves again in a nested one.
with_host_name() {
  local name=$1 hosts=$2 root=() back=()
  shift 2
  if [ "$(id -u)" -ne 0 ]; then
    root=(--map-root-user)
    back=(unshare --user --map-user="$(id -u)" --map-group="$(id -g)")
  fi
  # shellcheck disable=SC2016  # expanded by the inner shell
  unshare --mount --uts "${root[@]}" sh -c 'hostname "$1" && mount --bind "$2" /etc/hosts && shift 2 && exec "$@"' \
    sh "$name" "$hosts" "${back[@]}" "$@"
}

# Without own host names, the only node has the machine's name, since mpirun treats a node with another name as remote.
choose_names() {
  if with_host_name n1 /etc/hosts true 2>/dev/null; then
    own_names=yes
    mapfile -t names < <(printf 'n%d\n' $(seq "$nodes"))
  elif [ "$nodes" -eq 1 ]; then
    names=("$(hostname -s)")
  else
    die "$nodes nodes need host names of their own, which takes root or user namespaces (unshare): start one node, or as root"
  fi
}

# cred_expire and the scheduler's intervals are short so that a requeued job starts within seconds, not minutes. With
# cred_expire below 5, Slurm would use its default of 2 minutes.
write_config() {
  local ctl_port=$1 name
  shift
  cat <<END_CONFIG
ClusterName=dev
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$ctl_port
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool-%n
TmpFS=$dir/tmp-%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd-%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd-%n.log
JobCompType=jobcomp/filetxt
JobCompLoc=$dir/jobs.txt
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=sched_min_interval=0,batch_sched_delay=0,sched_interval=2,bf_interval=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
MpiDefault=pmix
GresTypes=gpu
ReturnToService=2
KillWait=5
MinJobAge=3600
END_CONFIG
  for name in "${names[@]}"; do
    printf 'NodeName=%s NodeAddr=127.0.0.1 Port=%s CPUs=8 RealMemory=4000 Gres=gpu:4\n' "$name" "$1"
    shift
  done
  printf 'PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE PriorityTier=1 GraceTime=60\n'
  printf 'PartitionName=urgent Nodes=ALL MaxTime=INFINITE PriorityTier=2 PreemptMode=OFF\n'
}

start_node() {
  if [ "$own_names" = yes ]; then with_host_name "$1" "$dir/hosts" slurmd -N "$1"; else slurmd -N "$1"; fi
}

is_up() { [ "$(sinfo -h -N -p main -t idle -o %N 2>/dev/null | wc -l)" -eq "$nodes" ]; }

wait_for() {
  local left=100
  until "$@"; do
    if [ $((left -= 1)) -eq 0 ]; then return 1; fi
    sleep 0.1
  done
}

stop_after() {
  while kill -0 "$1" 2>/dev/null && [ -e "$SLURM_CONF" ]; do sleep 0.5; done
  stop
}

start() {
  local program
  for program in munged slurmctld slurmd sbatch python3; do
    command -v "$program" >/dev/null || die "$program is missing: apt-get install --no-install-recommends slurm-wlm munge"
  done
  [ ! -e "$dir/slurm.conf" ] || die "$dir has a cluster: stop it, then remove the folder"
  [ ${#dir} -le 70 ] || die "$dir: the path is too long for the sockets in it: 70 characters at most"
  local names ports own_names=no
  choose_names
  mkdir -p "$dir/state" "${names[@]/#/$dir/spool-}" "${names[@]/#/$dir/tmp-}"
  read -ra ports < <(free_ports $((nodes + 1)))
  write_config "${ports[@]}" >"$dir/slurm.conf"
  touch "$dir"/gpu{0..3}
  printf 'Name=gpu File=%s/gpu[0-3]\n' "$dir" >"$dir/gres.conf"
  { printf '127.0.0.1 %s\n' "${names[@]}"; cat /etc/hosts; } >"$dir/hosts"
  (umask 077 && head -c 1024 /dev/urandom >"$dir/munge.key")

  munged --key-file="$dir/munge.key" --socket="$dir/munge.socket" --pid-file="$dir/munged.pid" --log-file="$dir/munged.log" \
    --seed-file="$dir/munged.seed" --force 2>>"$dir/munged.err"
  slurmctld
  local name
  for name in "${names[@]}"; do start_node "$name"; done
  wait_for is_up || { say "not up after 10 s:"; tail -n 5 "$dir"/*.log >&2; stop; exit 3; }
  if [ -n "${WHILE:-}" ]; then
    setsid "$0" stop-after "$dir" "$WHILE" </dev/null >/dev/null 2>&1 &
  fi
  say "$nodes node(s) are up: ${names[*]}; eval \"\$($0 env $dir)\""
}

# Prints the daemons and the jobs' processes, found by their SLURM_CONF. Skips shells that only export it.
leftovers() {
  local folder
  for folder in /proc/[0-9]*; do
    grep -qzxF "SLURM_CONF=$dir/slurm.conf" "$folder/environ" 2>/dev/null || continue
    if grep -qz '^SLURM_JOB_ID=' "$folder/environ" || grep -qE '^(munged|slurm)' "$folder/comm"; then
      printf '%s\n' "${folder#/proc/}"
    fi
  done 2>/dev/null
}

no_leftovers() { [ -z "$(leftovers)" ]; }

# Ends the jobs before the daemons, which end them. Checks SLURM_CONF, since Slurm's programs wait a minute for a missing one.
stop() {
  [ -e "$SLURM_CONF" ] || return 0
  scancel --quiet --signal=KILL --full --user="$(id -un)" 2>/dev/null || true
  scancel --quiet --user="$(id -un)" 2>/dev/null || true
  no_jobs() { [ -z "$(squeue -h 2>/dev/null)" ]; }
  wait_for no_jobs || true
  leftovers | xargs -r kill 2>/dev/null || true
  wait_for no_leftovers || leftovers | xargs -r kill -KILL
  rm -f "$dir/slurm.conf"
}

[ $# -ge 2 ] || usage
mkdir -p "$2"
dir=$(realpath "$2")
nodes=${3:-1}
export SLURM_CONF=$dir/slurm.conf
case $1 in
  start) start ;;
  stop) stop ;;
  stop-after) stop_after "$3" ;;
  env) printf 'export SLURM_CONF=%q\n' "$SLURM_CONF" ;;
  *) usage ;;
esac
