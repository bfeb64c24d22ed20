"""A worker without Keras that speaks the protocol until it misbehaves: `worker.py MODE ...`."""

import json
import os
import signal
import sys
import time


def say(event, request=None, **fields):
    print(json.dumps({"v": 1, "id": request, "event": event, **fields}), flush=True)


def misbehave(mode, request):
    if mode == "hang":
        time.sleep(600)
    elif mode == "rubbish":
        print("Segmentation fault, or whatever else a library prints", flush=True)
        time.sleep(600)
    elif mode == "killed":
        used = bytearray(400 << 20)
        used[::4096] = b"x" * len(used[::4096])
        os.kill(os.getpid(), signal.SIGKILL)
    elif mode == "status":
        os._exit(3)
    elif mode == "late":
        say("started", 0, number=1)
        say("reply", request - 1, data={"answer": "late"})


def main():
    mode = sys.argv[1]
    if mode == "refuses":
        say("failed", template="It is {day}.", args={"day": "Sunday"}, where=None, details="")
        return
    if mode == "dies-at-start":
        sys.exit("no such thing")
    if mode == "old":
        print(json.dumps({"v": 0, "id": None, "event": "ready"}), flush=True)
        time.sleep(600)
    if mode == "slow-start":
        time.sleep(600)
    say("ready", versions={"python": "3"}, flavour="keras")
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "check":
            say("reply", request["id"], data={"pid": os.getpid()})
            say("done", request["id"])
            continue
        say("started", request["id"], number=1)
        misbehave(mode, request["id"])
        say("done", request["id"])


main()
