# Shared by the sbatch scripts beside it: checks of what the job was given, the launcher, and stopping in good time.
# Every check that fails says what to change and ends the job with 2, before a weight is read.
#   ORRERY            the program (default: build/bin/orrery of the clone, else the orrery on PATH)
#   ORRERY_LAUNCHER   starts the ranks; "-n RANKS" is added (default: srun with PMIx, else mpirun --bind-to none)
# shellcheck shell=bash
set -u

say() { printf '%s: %s\n' "${SLURM_JOB_NAME:-job}" "$*" >&2; }
refuse() { say "$@"; exit 2; }

# The comments on top of the script that sourced this file.
usage() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0" | sed '/^SBATCH/d' >&2; exit 2; }

find_program() {
  program=${ORRERY:-$home/build/bin/orrery}
  if [ -z "${ORRERY:-}" ] && [ ! -x "$program" ]; then program=orrery; fi
  command -v "$program" >/dev/null || refuse "no program $program on $(hostname): build it in $home, or export ORRERY=/path/to/orrery"
}

# The program itself reads its options, so that a job file counts too. `option NAME` is the value in effect.
read_options() { settings=$(OMPI_MCA_ess_singleton_isolated=1 "$program" run "$@" --dump-config) || exit; }
option() { sed -n "s/^$1 = //p" <<<"$settings"; }

check_ranks() {
  local cfg sp tp needed
  cfg=$(option cfg) sp=$(option sp) tp=$(option tp)
  needed=$((cfg * sp * tp))
  [ "$needed" -eq "$ranks" ] ||
    refuse "--cfg $cfg --sp $sp --tp $tp takes $needed ranks, this job has $ranks: sbatch --ntasks $needed, or other --cfg, --sp and --tp"
}

# SLURM_TASKS_PER_NODE is like "8(x2),4".
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

# $1 says what the path $2 is.
check_on_all_nodes() {
  local missing
  # shellcheck disable=SC2016  # expanded on the nodes
  missing=$(srun --mpi=none --nodes "$SLURM_JOB_NUM_NODES" --ntasks "$SLURM_JOB_NUM_NODES" --ntasks-per-node 1 --quiet \
    sh -c '[ -r "$1" ] || echo "$SLURMD_NODENAME"' sh "$2") || refuse "srun starts nothing on this job's nodes: its reason is above"
  [ -z "$missing" ] ||
    refuse "$1 $2 cannot be read on $(sort <<<"$missing" | paste -sd,): it must lie on a file system that all nodes see"
}

# A path in quotes has characters that only orrery reads back; orrery then is the one to check it.
check_checkpoint() {
  local checkpoint
  checkpoint=$(option checkpoint)
  case $checkpoint in
    random:* | '"'*) ;;
    *) check_on_all_nodes checkpoint "$checkpoint" ;;
  esac
}

# Open MPI's programs need PMIx from srun: under another type each rank would believe to be alone.
choose_launcher() {
  local types
  launcher=${ORRERY_LAUNCHER:-}
  types=$(srun --mpi=list 2>&1)
  if [ -z "$launcher" ] && grep -qw pmix <<<"$types"; then launcher="srun --mpi=pmix --distribution=block --kill-on-bad-exit=1"; fi
  if [ -z "$launcher" ] && command -v mpirun >/dev/null; then launcher="mpirun --bind-to none"; fi
  [ -n "$launcher" ] || refuse "srun has no PMIx ($(tr -s '\n\t ' ' ' <<<"$types")) and there is no mpirun:" \
    "load the MPI module that orrery was built with, or export ORRERY_LAUNCHER"
  # sbatch's --cpus-per-task no longer reaches srun by itself (since Slurm 22.05).
  if [ -n "${SLURM_CPUS_PER_TASK:-}" ]; then export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK; fi
}

# Slurm 22.05's PMIx plugin, left to choose, lets a fence without data end on each node by itself, so that a rank may send to
# one that is not there yet, which crashes; a ring of the nodes is a true barrier.
export SLURM_PMIX_FENCE=${SLURM_PMIX_FENCE:-ring}

# orrery stops before this time by itself; Slurm before 23.02 does not say it.
export_end_time() {
  local end
  end=$(squeue --noheader --job "$SLURM_JOB_ID" --format %e)
  if [ -n "$end" ] && end=$(date --date "$end" +%s 2>/dev/null); then export SLURM_JOB_END_TIME=${SLURM_JOB_END_TIME:-$end}; fi
}

# Checks everything for a program that gets these options, which all must be known to "orrery run".
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

# Slurm's warning (USR1) reaches this shell alone, scancel's TERM this shell, too. Both are passed on as USR1, at which orrery
# leaves a snapshot and exits with 75. `stop` says why.
stop="" launcher_pid=""
on_signal() {
  stop=$1
  [ -z "$launcher_pid" ] || kill -USR1 "$launcher_pid" 2>/dev/null
}
trap 'on_signal warned' USR1
trap 'on_signal cancelled' TERM

# Starts the program on all ranks and returns its exit code. When ranks die before all have met, which the program marks with a
# file, the launcher or MPI is at fault: it is started once more.
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
  # A signal ends a wait, too; the last one, after the launcher's end, tells the status that bash has kept.
  while kill -0 "$launcher_pid" 2>/dev/null; do wait "$launcher_pid"; done
  wait "$launcher_pid"
}

# True when Slurm wants the nodes for a job of a higher priority, and let this one have its grace time.
preempted() { ! scontrol show job "$SLURM_JOB_ID" | grep -q PreemptTime=None; }
