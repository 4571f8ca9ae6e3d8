// Devices is a device plugin for devices that do not exist: RESOURCE COUNT SICK, where the file SICK has the ids of the
// unhealthy ones, one on a line, and may change at any time. The ids are 0 to COUNT-1.
package main

import (
	"context"
	"log"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	api "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

const interval = 100 * time.Millisecond

func main() {
	log.SetFlags(log.Ltime)
	if len(os.Args) != 4 {
		log.Fatal("devices RESOURCE COUNT SICK")
	}
	count, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	plugin := &plugin{resource: os.Args[1], count: count, sick: os.Args[3]}
	for {
		if err := plugin.run(); err != nil {
			log.Print(err)
		}
		time.Sleep(interval)
	}
}

type plugin struct {
	api.UnimplementedDevicePluginServer
	resource, sick string
	count          int
}

// run serves and registers, and returns when the kubelet has removed the socket, as it does when it starts.
func (p *plugin) run() error {
	name := strings.ReplaceAll(p.resource, "/", "-") + ".sock"
	socket := filepath.Join(api.DevicePluginPath, name)
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		return err
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	api.RegisterDevicePluginServer(server, p)
	go server.Serve(listener)
	defer server.Stop()
	if err := p.register(name); err != nil {
		return err
	}
	log.Print("registered ", p.resource, ": ", p.count)
	for {
		if _, err := os.Stat(socket); err != nil {
			return err
		}
		time.Sleep(interval)
	}
}

func (p *plugin) register(endpoint string) error {
	connection, err := grpc.NewClient("unix://"+api.KubeletSocket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	limited, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err = api.NewRegistrationClient(connection).Register(limited, &api.RegisterRequest{
		Version: api.Version, Endpoint: endpoint, ResourceName: p.resource, Options: &api.DevicePluginOptions{},
	})
	return err
}

func (p *plugin) GetDevicePluginOptions(context.Context, *api.Empty) (*api.DevicePluginOptions, error) {
	return &api.DevicePluginOptions{}, nil
}

func (p *plugin) ListAndWatch(_ *api.Empty, stream api.DevicePlugin_ListAndWatchServer) error {
	told := "never"
	for stream.Context().Err() == nil {
		text, _ := os.ReadFile(p.sick)
		if string(text) != told {
			told = string(text)
			if err := stream.Send(&api.ListAndWatchResponse{Devices: p.devices(strings.Fields(told))}); err != nil {
				return err
			}
		}
		time.Sleep(interval)
	}
	return nil
}

func (p *plugin) devices(sick []string) []*api.Device {
	var devices []*api.Device
	for number := range p.count {
		device := &api.Device{ID: strconv.Itoa(number), Health: api.Healthy}
		for _, id := range sick {
			if id == device.ID {
				device.Health = api.Unhealthy
			}
		}
		devices = append(devices, device)
	}
	return devices
}

// Allocate says which devices in the variable that NVIDIA's container runtime reads.
func (p *plugin) Allocate(_ context.Context, asked *api.AllocateRequest) (*api.AllocateResponse, error) {
	answer := &api.AllocateResponse{}
	for _, container := range asked.ContainerRequests {
		ids := strings.Join(container.DevicesIds, ",")
		log.Print("allocated ", ids)
		answer.ContainerResponses = append(answer.ContainerResponses, &api.ContainerAllocateResponse{
			Envs: map[string]string{"NVIDIA_VISIBLE_DEVICES": ids},
		})
	}
	return answer, nil
}
