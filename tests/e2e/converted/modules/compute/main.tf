variable "project" {}
variable "subnet_id" {}
variable "vpc_id" {}
variable "key_name" {}
variable "public_key" {}
variable "efs_id" {}
variable "instance_type" {}

data "aws_ami" "amazon_linux" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["amzn2-ami-hvm-*-x86_64-gp2"]
  }
}
resource "aws_key_pair" "builder" {
  key_name   = var.key_name
  public_key = var.public_key
}
resource "aws_security_group" "ssh" {
  vpc_id = var.vpc_id
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_instance" "builder" {
  ami                         = data.aws_ami.amazon_linux.id
  instance_type               = var.instance_type
  subnet_id                   = var.subnet_id
  key_name                    = aws_key_pair.builder.key_name
  vpc_security_group_ids      = [aws_security_group.ssh.id]
  associate_public_ip_address = true
  connection {
    type        = "ssh"
    user        = "ec2-user"
    private_key = file("~/.ssh/id_rsa")
    host        = self.public_ip
  }
  provisioner "file" {
    source      = "${path.root}/../lambda_src/requirements.txt"
    destination = "/tmp/requirements.txt"
  }
  provisioner "remote-exec" {
    inline = [
      "sudo yum install -y amazon-efs-utils python38",
      "sudo mkdir -p /mnt/efs",
      "sudo mount -t efs ${var.efs_id}:/ /mnt/efs",
      "sudo pip3.8 install --target /mnt/efs/python -r /tmp/requirements.txt",
    ]
  }
}
