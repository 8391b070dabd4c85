#!/usr/bin/env bash
# All that can only be measured on a GPU, in one run of less than eight minutes:
#
#   bench/cuda.sh [--device cuda|cpu] [--short] [--out FOLDER]
#
#   1. the references of all assignments, by the checks that do not train, with the same thresholds as on a CPU
#   2. the scored checks of a04, a06, a09 and a10
#   3. bench/cifar10_speed.py: seconds to 94 % on CIFAR-10, where GRADLAB_DATA names its folder
#   4. hand-ins per core hour of a01 with the checks on that device
#
# Each step has a limit and its own log in FOLDER (default: build/cuda). The last lines say what was seen and what was
# not. --device cpu --short tries the script itself on a machine without a GPU: one assignment, one kind of each step.
# PYTHON names the interpreter (default: .venv/bin/python, else python3). It needs torch for CUDA and what pyproject.toml
# lists; what is not installed there can be in build/cuda-packages (pip install --target).
set -u
cd "$(dirname "$0")/.." || exit 2

device=cuda short="" out=build/cuda
while [ $# -gt 0 ]; do
  case $1 in
    --device) device=$2; shift 2 ;;
    --short) short=1; shift ;;
    --out) out=$2; shift 2 ;;
    *) sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done
python=${PYTHON:-.venv/bin/python}
[ -x "$python" ] || python=$(command -v python3)
export PYTHONPATH="$PWD:$PWD/build/cuda-packages${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
mkdir -p "$out"
seen=() unseen=()

# step NAME SECONDS COMMAND...: run a command with a limit, keep its output, and note how it ended
step() {
  local name=$1 limit=$2 begun=$SECONDS code=0
  shift 2
  echo "== $name"
  timeout "$limit" "$@" >"$out/$name.log" 2>&1 || code=$?
  tail -n 12 "$out/$name.log"
  case $code in
    0) seen+=("$name: $((SECONDS - begun)) s") ;;
    124) unseen+=("$name: not finished after $limit s") ;;
    *) unseen+=("$name: exit code $code, see $out/$name.log") ;;
  esac
}

if ! "$python" -c 'import sys, torch; sys.exit(sys.argv[1] == "cuda" and not torch.cuda.is_available())' "$device"; then
  echo "Not seen: anything. $python has no torch that can use the device $device."
  exit 1
fi
"$python" -c 'import torch; print("torch", torch.__version__, *[torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())])'

verify=("$python" -m autograder verify --device "$device" --isolation none --no-notebook --seeds 1 --jobs "$(nproc)")
if [ -n "$short" ]; then
  step unscored 300 "${verify[@]}" --no-training --part reference a01_knn
  unseen+=("unscored: a02 to a10 (--short)" "scored: a04, a06, a09, a10 (--short)")
else
  step unscored 150 "${verify[@]}" --no-training --part reference
  step scored 150 "${verify[@]}" --part training a04_cnn a06_attention a09_diffusion a10_detection
fi

speed=("$python" bench/cifar10_speed.py --device "$device")
if [ ! -d "${GRADLAB_DATA:-/nowhere}/cifar-10-batches-py" ]; then
  unseen+=("cifar10: GRADLAB_DATA names no folder with cifar-10-batches-py")
elif [ -n "$short" ]; then
  step cifar10 120 "${speed[@]}" --epochs 1 --train 1024 --test 256 --widths 8 16 16
else
  step cifar10 90 "${speed[@]}"
fi

limit=75  # with those above: less than eight minutes
[ -n "$short" ] && limit=300
step grading "$limit" "$python" bench/course.py --assignments a01 --skip-scored --mutants 1 --no-loops --class 0 --device "$device"

[ "$device" = cuda ] || unseen+=("CUDA: this was a run on the device $device")
echo
printf 'Seen      %s\n' "${seen[@]:-nothing}"
printf 'Not seen  %s\n' "${unseen[@]:-nothing is missing}"
