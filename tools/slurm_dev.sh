#!/usr/bin/env bash
# A Slurm cluster on this machine, to try slurm/*.sbatch before they meet a real one: loopback only, no systemd, no cgroups,
# all state in one folder. Each node is a slurmd with a host name of its own and four GPUs that exist on paper only.
#   tools/slurm_dev.sh start DIR [NODES]    NODES: how many (default 1)
#   eval "$(tools/slurm_dev.sh env DIR)"    what sinfo, sbatch, srun and scancel of this shell need to find it
#   tools/slurm_dev.sh stop DIR             ends its jobs and daemons; their logs stay in DIR
#   WHILE=PID tools/slurm_dev.sh start …    stops by itself when process PID has ended: for tests, which may be killed
set -euo pipefail

# Slurm's daemons are in sbin, which a user's PATH need not have.
PATH=$PATH:/usr/sbin:/sbin

say() { printf 'slurm_dev: %s\n' "$*" >&2; }
die() { say "$@"; exit 2; }
usage() { sed -n '2,/^set/{s/^# \{0,1\}//;/^set/!p}' "$0" >&2; exit 2; }

# As many free TCP ports of the loopback as asked for.
free_ports() {
  python3 - "$1" <<'END_PYTHON'
import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for one in sockets:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in sockets))
END_PYTHON
}

# Runs a command where the host is called NAME, and /etc/hosts is another file. Root may do that; anybody else may as root of
# a user namespace, if the kernel allows those, and is itself again in a second one.
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

# Without own host names the only node is called what the machine is called: mpirun takes a node of another name for remote.
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

# cred_expire and the scheduler's intervals are short so that a requeued job starts within seconds, not minutes; below 5, Slurm
# would take its own 2 minutes.
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

# Daemons and processes of jobs, by the configuration they were started with. A shell that only has it exported is neither.
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

# Jobs first, while their daemons are there to end them. Slurm's programs wait a minute for a configuration that is not there.
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
