"""A job that writes to S3 past its entrypoint: `python -m bench.hostile.bomb_job`. Its `seed` picks the bomb."""

import json
import os
from urllib.parse import urlparse

import boto3

from bench.hostile.bombs import ALL


def main() -> None:
    bomb = ALL[int(json.loads(os.environ["PARAMETERS"])["seed"])]
    output = urlparse(os.environ["OUTPUT_URI"])
    client = boto3.client("s3")
    for name, content in bomb.files().items():
        client.put_object(Bucket=output.netloc, Key=f"{output.path.strip('/')}/{name}", Body=content)
    for line in bomb.lines():
        print(line)
    print(f"left: {bomb.name}")


if __name__ == "__main__":
    main()
