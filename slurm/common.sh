# Functions of the sbatch scripts in this folder: check the job's resources and options, choose the launcher, stop in time.
# A check that fails prints what to change and ends the job with 2, before any weights are read.
#   ORRERY            the program (default: build/bin/orrery of the clone, else the orrery on PATH)
#   ORRERY_LAUNCHER   command that starts the ranks, without "-n RANKS" (default: srun with PMIx, else mpirun --bind-to none)
# shellcheck shell=bash
set -u

say() { printf '%s: %s\n' "${SLURM_JOB_NAME:-job}" "$*" >&2; }
refuse() { say "$@"; exit 2; }

# Prints the comments at the top of the script that sourced this file.
usage() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0" | sed '/^SBATCH/d' >&2; exit 2; }

find_program() {
  program=${ORRERY:-$home/build/bin/orrery}
  if [ -z "${ORRERY:-}" ] && [ ! -x "$program" ]; then program=orrery; fi
  command -v "$program" >/dev/null || refuse "no program $program on $(hostname): build it in $home, or export ORRERY=/path/to/orrery"
}

# Lets the program read its options, including those in a job file. `option NAME` then prints the effective value.
read_options() { settings=$(OMPI_MCA_ess_singleton_isolated=1 "$program" run "$@" --dump-config) || exit; }
option() { sed -n "s/^$1 = //p" <<<"$settings"; }

check_ranks() {
  local cfg sp tp needed
  cfg=$(option cfg) sp=$(option sp) tp=$(option tp)
  needed=$((cfg * sp * tp))
  [ "$needed" -eq "$ranks" ] ||
    refuse "--cfg $cfg --sp $sp --tp $tp takes $needed ranks, this job has $ranks: sbatch --ntasks $needed, or other --cfg, --sp and --tp"
}

# Prints the largest number in SLURM_TASKS_PER_NODE, which is like "8(x2),4".
most_tasks_a_node() { tr ',' '\n' <<<"${SLURM_TASKS_PER_NODE:-1}" | sed 's/(.*//' | sort -n | tail -1; }

check_gpus() {
  [ "$(option device)" != cpu ] || return 0
  local gpus=${SLURM_GPUS_ON_NODE:-0} tasks
  tasks=$(most_tasks_a_node)
  [ "$gpus" -gt 0 ] || refuse "this job has no GPUs: sbatch --gpus-per-node $tasks, or --device cpu to compute on CPUs"
  [ "$gpus" -ge "$tasks" ] ||
    refuse "$tasks ranks a node but $gpus GPUs: sbatch --gpus-per-node $tasks, or --nodes $(((ranks + gpus - 1) / gpus)) --ntasks-per-node $gpus"
  [ "$gpus" -eq "$tasks" ] || say "$((gpus - tasks)) of each node's $gpus GPUs stay idle: a rank takes one"
}

# check_on_all_nodes WHAT PATH: checks that all nodes can read PATH. WHAT names it in messages.
check_on_all_nodes() {
  local missing
  # shellcheck disable=SC2016  # expanded on the nodes
  missing=$(srun --mpi=none --nodes "$SLURM_JOB_NUM_NODES" --ntasks "$SLURM_JOB_NUM_NODES" --ntasks-per-node 1 --quiet \
    sh -c '[ -r "$1" ] || echo "$SLURMD_NODENAME"' sh "$2") || refuse "srun starts nothing on this job's nodes: its reason is above"
  [ -z "$missing" ] ||
    refuse "$1 $2 cannot be read on $(sort <<<"$missing" | paste -sd,): it must lie on a file system that all nodes see"
}

# Checks the checkpoint's path, except a quoted one: it has escaped characters, and orrery itself will check it.
check_checkpoint() {
  local checkpoint
  checkpoint=$(option checkpoint)
  case $checkpoint in
    random:* | '"'*) ;;
    *) check_on_all_nodes checkpoint "$checkpoint" ;;
  esac
}

# Programs with Open MPI need srun with PMIx; with another type, each rank would run alone, as rank 0 of 1.
choose_launcher() {
  local types
  launcher=${ORRERY_LAUNCHER:-}
  types=$(srun --mpi=list 2>&1)
  if [ -z "$launcher" ] && grep -qw pmix <<<"$types"; then launcher="srun --mpi=pmix --distribution=block --kill-on-bad-exit=1"; fi
  if [ -z "$launcher" ] && command -v mpirun >/dev/null; then launcher="mpirun --bind-to none"; fi
  [ -n "$launcher" ] || refuse "srun has no PMIx ($(tr -s '\n\t ' ' ' <<<"$types")) and there is no mpirun:" \
    "load the MPI module that orrery was built with, or export ORRERY_LAUNCHER"
  # Since Slurm 22.05, srun does not inherit sbatch's --cpus-per-task.
  if [ -n "${SLURM_CPUS_PER_TASK:-}" ]; then export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK; fi
}

# By default, a fence without data in Slurm 22.05's PMIx plugin does not wait for other nodes, so a rank may send to one that
# has not started yet, and crashes. With "ring", it is a true barrier.
export SLURM_PMIX_FENCE=${SLURM_PMIX_FENCE:-ring}

# Exports the job's end time, before which orrery stops by itself; Slurm before 23.02 does not set it.
export_end_time() {
  local end
  end=$(squeue --noheader --job "$SLURM_JOB_ID" --format %e)
  if [ -n "$end" ] && end=$(date --date "$end" +%s 2>/dev/null); then export SLURM_JOB_END_TIME=${SLURM_JOB_END_TIME:-$end}; fi
}

# prepare OPTIONS…: makes all checks for a program with these options. "orrery run" must know all of them.
prepare() {
  ranks=${SLURM_NTASKS:-$SLURM_JOB_NUM_NODES}
  find_program
  read_options "$@"
  check_ranks
  check_gpus
  check_on_all_nodes program "$(command -v "$program")"
  check_checkpoint
  choose_launcher
  export_end_time
  say "job $SLURM_JOB_ID on $SLURM_JOB_NODELIST: $launcher -n $ranks $program"
}

# Slurm's warning (USR1) reaches only this shell, and scancel's TERM also reaches it. Both are forwarded as USR1, at which
# orrery writes a snapshot and exits with 75. `stop` is the reason.
stop="" launcher_pid=""
on_signal() {
  stop=$1
  [ -z "$launcher_pid" ] || kill -USR1 "$launcher_pid" 2>/dev/null
}
trap 'on_signal warned' USR1
trap 'on_signal cancelled' TERM

# Starts the program on all ranks and returns its exit code. The program creates a file when all ranks have met. When ranks die
# before that, the launcher or MPI is at fault, and the program is started once more.
launch() {
  local status folder
  folder=$(mktemp -d) && export ORRERY_START_MARK=$folder/begun
  launch_once "$@"
  status=$?
  if [ "$status" -gt 128 ] && [ -z "$stop" ] && [ ! -e "$ORRERY_START_MARK" ]; then
    say "the ranks died at their start ($status): once more"
    launch_once "$@"
    status=$?
  fi
  rm -rf "$folder"
  return "$status"
}

launch_once() {
  [ -z "$stop" ] || return 75
  # shellcheck disable=SC2086  # words of a command
  $launcher -n "$ranks" "$program" "$@" &
  launcher_pid=$!
  # A signal also ends `wait`. The last `wait`, after the launcher has ended, returns its status.
  while kill -0 "$launcher_pid" 2>/dev/null; do wait "$launcher_pid"; done
  wait "$launcher_pid"
}

# True when Slurm preempts this job for one of a higher priority, during its grace time.
preempted() { ! scontrol show job "$SLURM_JOB_ID" | grep -q PreemptTime=None; }
